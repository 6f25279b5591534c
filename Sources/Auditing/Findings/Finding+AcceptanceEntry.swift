internal import Addressing
internal import Compiler
internal import Listeners

extension Finding {
    /// The narrowest entry of `accepted` that would accept this finding; `nil` if none would, or if it would accept others, too.
    ///
    /// An edit that was not applied is not accepted: that would hide the next one.
    public var acceptanceEntry: String? {
        guard ![.rulesetDrift, .notApplied].contains(identifier), !conditions.isEmpty else { return nil }
        let terms = conditions.map { "\($0): \($1)" }
        return "- {" + (["finding: \(identifier.rawValue)"] + terms + ["why: REASON"]).joined(separator: ", ") + "}"
    }

    /// The keys of the entry with their values: the port and the attribute that says most, or without a port all attributes.
    private var conditions: [(name: String, value: String)] {
        let attributes = subjects.map { ($0, $1.yamlScalar) }
        guard let port, port.transport.hasPorts else { return attributes }
        // The address is the client of a session, and this host's end of scarce ports.
        let isClient = [.staleSession, .localPorts].contains(identifier)
        let client = isClient ? port.address.map { [("address", "\($0)".yamlScalar)] } ?? [] : []
        return [("port", port.written)] + client + attributes.prefix(1)
    }

    /// The attributes, those first that say most.
    private var subjects: [(name: String, value: String)] {
        let isOwn = table == Self.ownTable
        let subjects = [
            ("table", isOwn ? nil : table), ("unit", details.unit), ("process", process?.executable),
            ("service", service), ("source", details.source), ("interface", details.interface),
            ("chain", isOwn ? nil : chain), ("set", set), ("rule", details.rule),
        ]
        return subjects.compactMap { name, value in value.map { (name, $0) } }
    }

    /// The table of portreeve, which says nothing of a finding.
    private static let ownTable = "\(Names.table)"
}

extension AuditedPort {
    /// The port as a policy writes it: `8000-8100/tcp`.
    fileprivate var written: String {
        let ports = range.count == 1 ? "\(range.lowerBound)" : "\(range.lowerBound)-\(range.upperBound)"
        return "\(ports)/\(transport.name)"
    }
}

extension String {
    /// The text as a YAML scalar of a flow mapping: plain if it is made of harmless characters, else in double quotes.
    fileprivate var yamlScalar: String {
        let isPlain = utf8.allSatisfy { byte in
            UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte || UInt8(ascii: "A")...UInt8(ascii: "Z") ~= byte
                || UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte || " /._-".utf8.contains(byte)
        }
        guard !isPlain || isEmpty || hasPrefix("-") || hasPrefix(" ") || hasSuffix(" ") else { return self }
        let escaped = unicodeScalars.map { scalar -> String in
            switch scalar {
            case "\"", "\\": "\\" + String(scalar)
            case _ where scalar.value < 0x20 || 0x7f..<0xa0 ~= scalar.value:
                "\\x" + (scalar.value < 0x10 ? "0" : "") + String(scalar.value, radix: 16)
            default: String(scalar)
            }
        }
        return "\"\(escaped.joined())\""
    }
}
