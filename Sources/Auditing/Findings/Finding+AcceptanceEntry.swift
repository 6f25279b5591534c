internal import Addressing
internal import Listeners

extension Finding {
    /// The entry of `accepted` that would accept this finding; `nil` if it cannot be accepted.
    public var acceptanceEntry: String? {
        guard identifier != .rulesetDrift else { return nil }
        let place = port.flatMap { $0.transport.hasPorts ? "port: \($0.written)" : nil }
        let terms = [place, subject.map { "\($0): \($1.yamlScalar)" }].compactMap(\.self)
        return "- {" + (["finding: \(identifier.rawValue)"] + terms + ["why: REASON"]).joined(separator: ", ") + "}"
    }

    /// The attribute that says most about the finding, with its value.
    private var subject: (name: String, value: String)? {
        let subjects = [
            ("table", table), ("unit", details.unit), ("process", process?.executable), ("service", service),
            ("source", details.source), ("interface", details.interface),
        ]
        return subjects.lazy.compactMap { name, value in value.map { (name, $0) } }.first
    }
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
