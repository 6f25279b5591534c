internal import Addressing
internal import Policies
internal import System

/// A port of the command line: a number, a name of the services database, or a service of the policy.
struct PortArgument {
    let transport: TransportProtocol
    let port: UInt16

    /// A service of the policy comes before a name of the services database.
    init(_ text: String, of policy: Policy) throws(CommandError) {
        if let service = policy.services.first(where: { $0.name == text }) {
            (transport, port) = try service.onlyPort()
        } else if let named = NamedPort(text, files: TrustedFiles()) {
            (transport, port) = (named.transport, named.port)
        } else if let number = text.split(separator: "/").compactMap({ Int($0) }).first, !(1...65535).contains(number) {
            throw CommandError(.usage, "\"\(text)\" is not a port: ports are 1 to 65535")
        } else if let named = TransportProtocol(named: text, files: TrustedFiles()), !named.hasPorts, Int(text) == nil {
            throw CommandError(.usage, "\(text) has no ports: write \"--protocol \(text)\" for the port")
        } else if let name = Self.loneProtocol(text) {
            throw CommandError(.usage, "\"\(text)\" is a protocol: write a port with it, such as 22/\(name)")
        } else if text.contains(",") || Self.isRange(text) {
            throw CommandError(.usage, "\"\(text)\" is more than one port: ask for one at a time, such as 22/tcp")
        } else {
            let nearest =
                Self.mended(text) ?? Spelling.nearest(to: text, among: policy.services.map(\.name))
                ?? NamedPort.nearest(to: text, files: TrustedFiles())
            let repair = nearest.map { ", did you mean \"\($0)\"?" } ?? ":"
            let forms = "22/tcp, 53/udp, a service of the policy, or a name from /etc/services"
            throw CommandError(.usage, "unknown port \"\(text)\"\(repair) write \(forms)")
        }
    }
}

extension PortArgument {
    /// The port and the protocol that someone meant: `22/tcp` for `22/tpc`, `tcp:22`, `22tcp`, `:22` and `tcp/22/x`.
    private static func mended(_ text: String) -> String? {
        let words = words(of: text.lowercased())
        let numbers = words.filter { UInt16($0) ?? 0 > 0 }
        guard numbers.count == 1 else { return numbers.isEmpty ? mendedName(words) : nil }
        let names = TransportProtocol.withPorts.map(\.name)
        let protocols = words.filter { UInt16($0) == nil }.compactMap { word in
            names.first { $0 == word } ?? Spelling.nearest(to: word, among: names)
        }
        let isBare = words.count == 1 && text != numbers[0]
        guard let name = isBare ? TransportProtocol.tcp.name : protocols.first else { return nil }
        return "\(numbers[0])/\(name)"
    }

    /// The protocol, if the text has nothing else: `tcp`, `TCP/`.
    private static func loneProtocol(_ text: String) -> String? {
        let words = words(of: text.lowercased())
        return words.count == 1 ? TransportProtocol.withPorts.map(\.name).first { $0 == words[0] } : nil
    }

    /// The number of a named port with a protocol for which the services database has no such name: `22/udp` for `ssh/udp`.
    private static func mendedName(_ words: [String]) -> String? {
        let names = TransportProtocol.withPorts.map(\.name)
        guard words.count == 2, let transport = words.first(where: names.contains),
            let name = words.first(where: { !names.contains($0) }), let port = NamedPort(name, files: TrustedFiles())
        else { return nil }
        return "\(port.port)/\(transport)"
    }

    /// Whether it is `8000-8100`, with a protocol or without one.
    private static func isRange(_ text: String) -> Bool {
        let ends = text.split(separator: "/").first { $0.contains("-") }?.split(separator: "-") ?? []
        return ends.count == 2 && ends.allSatisfy { UInt16($0) != nil }
    }

    /// The words and numbers, also where nothing stands between the two.
    private static func words(of text: String) -> [String] {
        let words = text.split { "/:-. ".contains($0) }
        return words.flatMap { word -> [String] in
            let (number, letters) = (word.filter(\.isNumber), word.filter { !$0.isNumber })
            let isBoth = !number.isEmpty && (word == number + letters || word == letters + number)
            let isProtocol = TransportProtocol.withPorts.contains { $0.name == letters }
            return isBoth && isProtocol ? [number, letters] : [String(word)]
        }
    }
}

extension Service {
    /// The port; fails if there are several.
    fileprivate func onlyPort() throws(CommandError) -> (TransportProtocol, UInt16) {
        if let first = ports.first, ports.count == 1, first.transport.hasPorts, first.range.count == 1 {
            return (first.transport, first.range.lowerBound)
        }
        let ports = ports.map { $0.transport.text($0.range) }.joined(separator: ", ")
        throw CommandError(.usage, "service \"\(name)\" has more than one port: write one of \(ports)")
    }
}
