internal import Addressing
internal import Listeners
internal import Printing

extension Session {
    /// The session in words: `192.0.2.7:40000 -> tcp/5432 (postgres, pid 812)`, of one that this host began with the destination.
    var text: String {
        let way = isForwarded ? ", forwarded to \(server)" : isOutbound ? " at \(dialled.address)" : ""
        return
            "\(client) -> \(transport.name)/\(port)\(way)\(process.map { " (\($0.name.printable), pid \($0.pid))" } ?? "")"
    }

    /// The session for programs.
    var json: JSON {
        let known: [(String, JSON)] = [
            ("direction", .string(direction.rawValue)), ("protocol", .string(transport.name)),
            ("port", .number(Int(port))),
            ("address", .string(client.address.description)), ("client_port", .number(Int(client.port))),
            ("server", .string(server.description)), ("forwarded", .bool(isForwarded)),
        ]
        return .object(known + (process.map { [("process", $0.json)] } ?? []))
    }

    private var direction: LiveConnection.Direction { isOutbound ? .outbound : isForwarded ? .forwarded : .inbound }

    private var process: SocketProcess? {
        guard case .processes(let processes) = owners else { return nil }
        return processes.first
    }
}

extension [String] {
    /// At most this many lines of a kind are printed.
    private static let readable = 20

    /// The first lines, and the total if there are more.
    func bounded(_ what: String) -> [String] {
        guard count > Self.readable else { return self }
        return prefix(Self.readable) + ["… \(count) \(what) in total; --format json lists them"]
    }
}
