internal import Addressing
internal import Policies

/// The names that firewalld has for ports, from the files of its services.
///
/// The kernel does not know which service a rule is for. A name counts only where the ports of its file are exactly those of the rule, and
/// where no other file has the same ones.
struct FirewalldServices {
    private typealias Ports = [TransportProtocol: IntervalSet<UInt16>]

    private var names: [Ports: Set<String>] = [:]

    /// The folders; a file of the administrator replaces that of the package with the same name.
    private static let folders = ["/etc/firewalld/services", "/usr/lib/firewalld/services"]
    /// More files of a folder than these are not read.
    private static let mostFiles = 2000
    /// A longer file is none of a service.
    private static let mostBytes = 64 << 10

    /// The names in the files of the host; none if they cannot be read.
    init(_ files: any PolicyFiles) {
        var seen: Set<String> = []
        for folder in Self.folders {
            let paths = (try? files.paths(matching: "\(folder)/*.xml"))?.sorted() ?? []
            for path in paths.prefix(Self.mostFiles) {
                let name = String(path.dropFirst(folder.count + 1).dropLast(".xml".count))
                guard seen.insert(name).inserted, let bytes = try? files.read(path, checksOwnership: false).bytes,
                    bytes.count <= Self.mostBytes, let ports = Self.ports(in: String(decoding: bytes, as: UTF8.self))
                else { continue }
                names[ports, default: []].insert(name)
            }
        }
    }

    /// Gives a service that rules of firewalld open the name of its ports.
    func name(_ service: inout PolicyDraft.Service) {
        guard service.rules.contains(where: { $0.hasPrefix("inet firewalld ") }) else { return }
        if let found = names[service.ports], found.count == 1 { service.firewallName = found.first }
    }

    /// The ports of a service: the elements `<port protocol="tcp" port="22"/>`; `nil` for a file with others that admit packets, or
    /// one that is not understood.
    private static func ports(in text: String) -> Ports? {
        var ports: Ports = [:]
        var rest = text[...]
        while let start = rest.firstIndex(of: "<") {
            rest = rest[start...].dropFirst()
            if rest.hasPrefix("!--") {
                guard let end = rest.firstRange(of: "-->") else { return nil }
                rest = rest[end.upperBound...]
                continue
            }
            guard let end = rest.firstIndex(of: ">") else { return nil }
            let words = rest[..<end].split { $0.isWhitespace || $0 == "/" }
            rest = rest[end...]
            switch words.first {
            case "port":
                guard let (transport, range) = port(words.dropFirst()) else { return nil }
                ports[transport] = (ports[transport] ?? IntervalSet()).union(IntervalSet([range]))
            case "include", "protocol", "source-port": return nil
            default: continue
            }
        }
        return ports
    }

    /// The port or the range in the attributes of an element; `nil` for none.
    private static func port(_ attributes: ArraySlice<Substring>) -> (TransportProtocol, ClosedRange<UInt16>)? {
        func value(_ name: String) -> Substring? {
            let value = attributes.first { $0.hasPrefix("\(name)=") }?.dropFirst(name.count + 1)
            guard let value, value.count > 2, let quote = value.first, "\"'".contains(quote), value.last == quote else {
                return nil
            }
            return value.dropFirst().dropLast()
        }
        let ends = value("port")?.split(separator: "-", omittingEmptySubsequences: false).map { UInt16($0) } ?? []
        guard let transport = value("protocol").flatMap({ TransportProtocol(name: String($0)) }), ends.count <= 2,
            let first = ends.first ?? nil, let last = ends.last ?? nil, first <= last
        else { return nil }
        return (transport, first...last)
    }
}
