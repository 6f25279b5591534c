internal import Addressing

/// The names of ports, services(5); read when a name is first looked up.
final class ServicesDatabase {
    /// The result of a look-up.
    enum Answer {
        /// The name has this port.
        case port(UInt16)
        /// The name has ports of these protocols, but not of the requested one.
        case otherProtocols([TransportProtocol])
        /// The name is not in the database; the most similar name that is.
        case unknown(nearest: String?)
        /// The database cannot be read: the predicate of a sentence about its path.
        case unavailable(String)
    }

    /// The path: `/etc/services`.
    let path: String
    private let files: any PolicyFiles
    private lazy var entries = read()
    /// The first name of each port.
    private var firstNames: [TransportProtocol: [UInt16: String]] = [:]

    init(path: String, in files: any PolicyFiles) {
        self.path = path
        self.files = files
    }

    /// The port of `name` in `transport`.
    func find(_ name: String, _ transport: TransportProtocol) -> Answer {
        switch entries {
        case .failure(let refusal): return .unavailable(refusal.message)
        case .success(let ports):
            if let port = ports[name]?[transport] { return .port(port) }
            if let others = ports[name] { return .otherProtocols(others.keys.sorted { $0.name < $1.name }) }
            let ofTransport = ports.compactMapValues { $0[transport] }
            // Low ports are the best known ones: "htp" is http rather than hkp.
            return .unknown(
                nearest: Spelling.nearest(to: name, among: ofTransport.keys) { ofTransport[$0].map(Int.init) ?? 0 })
        }
    }

    /// The first name of a port; `nil` for none, and if the database cannot be read.
    func name(_ transport: TransportProtocol, _ port: UInt16) -> String? {
        _ = entries
        return firstNames[transport]?[port]
    }

    /// All names and aliases; of several lines with one name the first wins, as in `getservbyname(3)`.
    private func read() -> Result<[String: [TransportProtocol: UInt16]], FileRefusal> {
        do throws(FileRefusal) {
            let bytes = try files.read(path, checksOwnership: false).bytes
            var ports: [String: [TransportProtocol: UInt16]] = [:]
            for line in bytes.split(separator: UInt8(ascii: "\n")) {
                let text = line.prefix { $0 != UInt8(ascii: "#") }
                let words = text.split {
                    $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") || $0 == UInt8(ascii: "\r")
                }
                .map { String(decoding: $0, as: UTF8.self) }
                guard words.count >= 2, let (port, transport) = Self.port(words[1]) else { continue }
                if firstNames[transport]?[port] == nil { firstNames[transport, default: [:]][port] = words[0] }
                for name in [words[0]] + words.dropFirst(2) where ports[name]?[transport] == nil {
                    ports[name, default: [:]][transport] = port
                }
            }
            return .success(ports)
        } catch {
            return .failure(error)
        }
    }

    /// The port in `22/tcp`; `nil` for a protocol that is not a `TransportProtocol`.
    private static func port(_ text: String) -> (UInt16, TransportProtocol)? {
        let parts = text.split(separator: "/")
        guard parts.count == 2, let port = UInt16(parts[0]), port > 0,
            let transport = TransportProtocol(name: String(parts[1]))
        else { return nil }
        return (port, transport)
    }
}
