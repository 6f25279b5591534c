internal import Addressing

/// Decodes `protocols`: IP protocols without ports, by name or by number.
struct ProtocolDecoder {
    /// The names of protocols.
    let database: ProtocolsDatabase
    /// The log for problems.
    let log: DiagnosticLog

    /// The protocols in a list or in a single entry.
    func decode(_ node: YamlNode, as what: String) -> [PlacedPort] {
        node.items(as: what, log).compactMap { item in
            guard let text = item.text(as: what, log), let number = number(text, as: what, at: item.place) else {
                return nil
            }
            let transport = TransportProtocol(rawValue: number)
            if let problem = Self.problem(of: transport) {
                log.error("\(Printable.quoted(text)) \(problem)", at: item.place)
                return nil
            }
            return PlacedPort(port: ServicePort(transport, location: item.place.location), place: item.place)
        }
    }

    private func number(_ text: String, as what: String, at place: SourceSpan) -> UInt8? {
        if DecimalNumber.isDigits(text) {
            guard let number = DecimalNumber.parse(text, maximum: 255) else {
                let repair = DecimalNumber.withoutLeadingZeros(text)
                log.error("\(Printable.quoted(text)) has a leading zero", at: place, repair: repair)
                return nil
            }
            if number > 255 { log.error("\(Printable.quoted(text)) is a protocol above 255", at: place) }
            return UInt8(exactly: number)
        }
        if let number = database.number(of: text) { return number }
        switch database.entries {
        case .success(let names):
            let advice = text.contains("/") ? "; list ports under \"ports\"" : ""
            log.error(
                "unknown protocol \(Printable.quoted(text))\(advice)", at: place,
                repair: Spelling.nearest(to: text, among: names.keys.sorted()))
        case .failure(let refusal):
            log.error(
                "cannot look up protocol \(Printable.quoted(text)): \(database.path) \(refusal.message); use its number",
                at: place)
        }
        return nil
    }

    /// The headers of IPv6 that a match by protocol skips.
    ///
    /// The source is `ipv6_ext_hdr` of the kernel's `net/ipv6/exthdrs_core.c`. The authentication header, 51, is not skipped
    /// (`IP6_FH_F_AUTH`).
    private static let extensionHeaders: [UInt8] = [0, 43, 44, 59, 60]
    private static let reserved: UInt8 = 255

    /// The reason why a service cannot list the protocol, as a predicate; `nil` if it can.
    private static func problem(of transport: TransportProtocol) -> String? {
        if transport.hasPorts { return "is a protocol with ports; list them under \"ports\", such as 22/\(transport)" }
        switch transport {
        case .icmp, .icmpv6:
            return "needs no line: what IP needs is always accepted, and \"ping\" controls echo requests"
        case .igmp: return "needs no line: what the link needs is always accepted"
        default: break
        }
        if extensionHeaders.contains(transport.rawValue) {
            return "is an extension header of IPv6, not a protocol that a packet is matched by"
        }
        return transport.rawValue == reserved ? "is reserved, and no packet has it" : nil
    }
}
