internal import Addressing

/// Decodes the targets of a forward: `10.0.0.9`, `"10.0.0.9:8443"`, `"[2001:db8::9]:8443"`, `":8080"`.
struct TargetDecoder {
    /// The log for problems.
    let log: DiagnosticLog

    /// The targets in a list or in a single entry, each with its place.
    func decode(_ node: YamlNode) -> [(target: ForwardTarget, place: SourceSpan)] {
        let texts = node.texts(as: "to", log)
        if texts.count > Forwarding.maximumTargets {
            log.error("\"to\" has \(texts.count) targets; the maximum is \(Forwarding.maximumTargets)", at: node.place)
            return []
        }
        return texts.compactMap { text, place in target(text, at: place).map { ($0, place) } }
    }

    private func target(_ text: String, at place: SourceSpan) -> ForwardTarget? {
        guard let (host, port) = split(text) else {
            log.error(
                "\(Printable.quoted(text)) is not a target such as 10.0.0.9:8443 or [2001:db8::9]:8443", at: place)
            return nil
        }
        var number: UInt16?
        if let port {
            guard let valid = self.port(port, of: text, at: place) else { return nil }
            number = valid
        }
        guard !host.isEmpty else { return ForwardTarget(address: nil, port: number, location: place.location) }
        return address(host, of: text, at: place).map {
            ForwardTarget(address: $0, port: number, location: place.location)
        }
    }

    /// The address without brackets, and the port; `nil` for a text of another form.
    private func split(_ text: String) -> (host: Substring, port: Substring?)? {
        if text.hasPrefix("[") {
            let parts = text.dropFirst().split(separator: "]", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2, parts[0].contains(":") else { return nil }
            if parts[1].isEmpty { return (parts[0], nil) }
            return parts[1].hasPrefix(":") ? (parts[0], parts[1].dropFirst()) : nil
        }
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        // A second colon is that of an IPv6 address.
        guard parts.count == 2, !parts[1].contains(":") else { return (text[...], nil) }
        return (parts[0], parts[1])
    }

    private func port(_ digits: Substring, of text: String, at place: SourceSpan) -> UInt16? {
        if let number = DecimalNumber.parse(digits, maximum: 65535), let port = UInt16(exactly: number), port > 0 {
            return port
        }
        let problem = DecimalNumber.isDigits(digits) ? "from 1 to 65535, without leading zeros" : "as a number"
        log.error("\(Printable.quoted(text)) needs a port \(problem)", at: place)
        return nil
    }

    private func address(_ host: Substring, of text: String, at place: SourceSpan) -> IPAddress? {
        guard AddressRange.isIntended(by: String(host)) else {
            log.error("\(Printable.quoted(text)) has no address: a target is an address, not a name", at: place)
            return nil
        }
        do throws(AddressError) {
            guard let address = IPAddress(try AddressRange(String(host))) else {
                log.error("a target is one address, not \(Printable.quoted(host))", at: place)
                return nil
            }
            if let problem = Self.problem(of: address) {
                log.error("\(Printable.quoted(text)) \(problem)", at: place)
                return nil
            }
            return address
        } catch {
            log.error("\(Printable.quoted(text)) \(error.reason)", at: place, repair: error.repair)
            return nil
        }
    }

    /// The reason why no connection can be forwarded to the address, as a predicate; `nil` if one can.
    ///
    /// RFC 1122 3.2.1.3, RFC 4291 2.5 and 2.7, RFC 4007 6 for the scope that a link-local address needs.
    private static func problem(of address: IPAddress) -> String? {
        if address.isLoopback { return "is a loopback address; for another port of this host write \":8080\"" }
        switch address {
        case .ipv4(0), .ipv6(0): return "is the unspecified address"
        case .ipv4(0xe000_0000...): return "is a multicast or reserved address"
        case .ipv6((0xff << 120)...): return "is a multicast address"
        case .ipv6((0xfe80 << 112)..<(0xfec0 << 112)):
            return "is a link-local address, whose interface a forward cannot name"
        default: return nil
        }
    }
}
