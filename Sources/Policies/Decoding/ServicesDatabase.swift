internal import Addressing

/// The names of ports, services(5); read when a policy first uses one.
final class ServicesDatabase {
    /// What the database knows of a name.
    enum Answer {
        /// It is this port.
        case port(UInt16)
        /// It is a port of these protocols, and not of the one asked for.
        case otherProtocols([TransportProtocol])
        /// It is nothing; the nearest name that is something.
        case unknown(nearest: String?)
        /// The database was not read: the predicate of a sentence whose subject is its path.
        case unavailable(String)
    }

    /// The path: `/etc/services`.
    let path: String
    private lazy var entries = Self.read(path)

    init(path: String) { self.path = path }

    /// The port of `name` in `transport`.
    func find(_ name: String, _ transport: TransportProtocol) -> Answer {
        switch entries {
        case .failure(let refusal): return .unavailable(refusal.message)
        case .success(let ports):
            if let port = ports[name]?[transport] { return .port(port) }
            if let others = ports[name] { return .otherProtocols(others.keys.sorted { $0.name < $1.name }) }
            return .unknown(
                nearest: Spelling.nearest(to: name, among: ports.filter { $0.value[transport] != nil }.keys))
        }
    }

    /// Every name and alias; the first line that has one wins, as in `getservbyname(3)`.
    private static func read(_ path: String) -> Result<[String: [TransportProtocol: UInt16]], FileRefusal> {
        do throws(FileRefusal) {
            let bytes = try FileReading.read(path: path, checksOwnership: false).bytes
            var ports: [String: [TransportProtocol: UInt16]] = [:]
            for line in bytes.split(separator: UInt8(ascii: "\n")) {
                let text = line.prefix { $0 != UInt8(ascii: "#") }
                let words = text.split {
                    $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") || $0 == UInt8(ascii: "\r")
                }
                .map { String(decoding: $0, as: UTF8.self) }
                guard words.count >= 2, let (port, transport) = port(words[1]) else { continue }
                for name in [words[0]] + words.dropFirst(2) where ports[name]?[transport] == nil {
                    ports[name, default: [:]][transport] = port
                }
            }
            return .success(ports)
        } catch {
            return .failure(error)
        }
    }

    /// `22/tcp`; `nil` for a protocol that no policy can open.
    private static func port(_ text: String) -> (UInt16, TransportProtocol)? {
        let parts = text.split(separator: "/")
        guard parts.count == 2, let port = UInt16(parts[0]), port > 0,
            let transport = TransportProtocol(name: String(parts[1]))
        else { return nil }
        return (port, transport)
    }
}
