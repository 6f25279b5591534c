internal import Addressing
internal import Printing

/// A port and its place in the policy.
struct PlacedPort {
    /// The port.
    let port: ServicePort
    /// The place of the whole entry.
    let place: SourceSpan
}

/// Decodes `ports` and looks up the names in it.
struct PortDecoder {
    /// The names and numbers of ports.
    let database: ServicesDatabase
    /// The names of protocols, for a better message about one that has no ports.
    let protocols: ProtocolsDatabase
    /// The log for problems.
    let log: DiagnosticLog

    /// The ports in a list or in a single entry.
    func decode(_ node: YamlNode, as what: String) -> [PlacedPort] {
        node.items(as: what, log).compactMap { item in
            guard let text = item.text(as: what, log) else { return nil }
            return port(text, at: item.place).map { PlacedPort(port: $0, place: item.place) }
        }
    }

    /// The port or range in one entry: `22/tcp`, `ssh`, `8000-8100/udp`.
    private func port(_ text: String, at place: SourceSpan) -> ServicePort? {
        if let list = ListText(text, isEntry) {
            log.error("\(Printable.quoted(text)) is several ports: write a list", at: place, repair: list.repair)
            return nil
        }
        if let meant = MisplacedProtocol(text) {
            log.error("\(Printable.quoted(text)) \(meant.fault)", at: place, repair: meant.repair)
            return nil
        }
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        let transport = parts.count == 1 ? .tcp : TransportProtocol(name: String(parts[1]))
        guard let transport else {
            if isWithoutPorts(parts[1]) {
                log.error("\(Printable.quoted(parts[1])) has no ports; list it under \"protocols\"", at: place)
                return nil
            }
            let repair = protocolRepair(String(parts[0]), String(parts[1]))
            let names = TransportProtocol.withPorts.map(\.name).joined(conjunction: "or")
            let advice =
                parts[1].contains(",")
                ? "; write one entry for each protocol" : repair == nil ? "; write \(names)" : ""
            log.error("unknown protocol \(Printable.quoted(parts[1]))\(advice)", at: place, repair: repair)
            return nil
        }
        let range =
            isNumeric(parts[0])
            ? numericRange(parts[0], of: text, at: place) : namedRange(String(parts[0]), transport, at: place)
        return range.map { ServicePort(transport: transport, range: $0, location: place.location) }
    }

    /// Whether a word of a list looks like a port: `80`, `443/udp`, `http`.
    private func isEntry(_ word: String) -> Bool {
        let parts = word.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        let transport = parts.count == 2 ? TransportProtocol(name: parts[1]) : parts.count == 1 ? .tcp : nil
        guard let transport, transport.hasPorts, let port = parts.first, TransportProtocol(name: port) == nil else {
            return false
        }
        if port.split(separator: "-", omittingEmptySubsequences: false).allSatisfy({ DecimalNumber.isDigits($0) }) {
            return true
        }
        if case .port = database.find(port, transport) { return true }
        return false
    }

    /// Whether `name` is that of a protocol that a service can list under `protocols`.
    private func isWithoutPorts(_ name: some StringProtocol) -> Bool {
        guard let number = protocols.number(of: String(name)) else { return false }
        let transport = TransportProtocol(rawValue: number)
        return !transport.hasPorts && ![.icmp, .igmp, .icmpv6].contains(transport)
    }

    /// Whether `port` starts like a number and has no letter.
    private func isNumeric(_ port: Substring) -> Bool {
        let digits = UInt8(ascii: "0")...UInt8(ascii: "9")
        guard port.utf8.first.map({ digits ~= $0 }) ?? true else { return false }
        return port.utf8.allSatisfy { digits ~= $0 || $0 == UInt8(ascii: "-") } || !port.contains(where: \.isLetter)
    }

    /// `22` or `8000-8100`.
    private func numericRange(_ ports: Substring, of text: String, at place: SourceSpan) -> ClosedRange<UInt16>? {
        let ends = ports.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
        guard ends.allSatisfy(DecimalNumber.isDigits) else {
            let repair = rangeRepair(ports).map { $0 + text.dropFirst(ports.count) }
            log.error(
                "\(Printable.quoted(text)) is not a port such as 22/tcp or 8000-8100/tcp", at: place, repair: repair)
            return nil
        }
        let numbers = ends.compactMap { number($0, of: text, at: place) }
        guard numbers.count == ends.count, let first = numbers.first, let last = numbers.last else { return nil }
        guard first <= last else {
            let repair = "\(last)-\(first)" + text.dropFirst(ports.count)
            log.error(
                "\(Printable.quoted(text)) is a reversed range: it ends before it starts", at: place, repair: repair)
            return nil
        }
        return first...last
    }

    private func number(_ digits: Substring, of text: String, at place: SourceSpan) -> UInt16? {
        guard let number = DecimalNumber.parse(digits, maximum: 65535) else {
            let repair = String(digits) == text ? DecimalNumber.withoutLeadingZeros(digits) : nil
            log.error("\(Printable.quoted(text)) has a leading zero", at: place, repair: repair)
            return nil
        }
        guard number > 0, let port = UInt16(exactly: number) else {
            let bound = number == 0 ? "port 0, which is reserved" : "a port above 65535"
            log.error("\(Printable.quoted(text)) has \(bound)", at: place)
            return nil
        }
        return port
    }

    private func namedRange(_ name: String, _ transport: TransportProtocol, at place: SourceSpan) -> ClosedRange<
        UInt16
    >? {
        switch database.find(name, transport) {
        case .port(let port): return port...port
        case .otherProtocols(let protocols):
            let others = protocols.map { "\(name)/\($0.name)" }.joined(separator: " and ")
            log.error(
                "\(Printable.quoted(name)) has no \(transport.name) port in \(database.path), only \(others)",
                at: place,
                repair: protocols.count == 1 ? others : nil)
        case .unknown where isWithoutPorts(name):
            log.error("\(Printable.quoted(name)) has no ports; list it under \"protocols\"", at: place)
        case .unknown(let nearest):
            log.error("unknown port \(Printable.quoted(name))", at: place, repair: separated(name) ?? nearest)
        case .unavailable(let reason):
            log.error(
                "cannot look up port \(Printable.quoted(name)): \(database.path) \(reason); use its number", at: place)
        }
        return nil
    }

    /// `22/TCP` and `22/tpc` as `22/tcp`.
    private func protocolRepair(_ port: String, _ word: String) -> String? {
        let names = TransportProtocol.withPorts.map(\.name)
        return Spelling.nearest(to: word.filter { $0 != " " }, among: names).map {
            "\(port.filter { $0 != " " })/\($0)"
        }
    }

    /// `22tcp` as `22/tcp`; `nil` for other words.
    private func separated(_ word: String) -> String? {
        let digits = word.prefix(while: \.isNumber)
        let name = word.dropFirst(digits.count).drop { "-_. ".contains($0) }
        guard DecimalNumber.isDigits(digits), let transport = TransportProtocol(name: name.lowercased()),
            transport.hasPorts
        else { return nil }
        return "\(digits)/\(transport.name)"
    }

    /// `8000:8100` and `8000 - 8100` as `8000-8100`.
    private func rangeRepair(_ ports: Substring) -> String? {
        let numbers = ports.split { ":- –".contains($0) }
        guard numbers.count == 2, numbers.allSatisfy(DecimalNumber.isDigits) else { return nil }
        return numbers.joined(separator: "-")
    }
}
