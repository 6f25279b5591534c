internal import Addressing

/// Messages of the kernel's log: `net/netfilter/nf_log_syslog.c`.
extension LoggedPacket {
    /// The fields that a message has once; those of a packet inside an ICMP error stand behind a bracket.
    private struct Fields {
        private var values: [Substring: Substring] = [:]
        /// The words without a value, such as the flags of TCP.
        private(set) var words: Set<Substring> = []

        /// The fields of a message; `nil` if one occurs twice, as in a message that another program has composed.
        init?(_ text: Substring) {
            for word in text.split(separator: " ") {
                if word.hasPrefix("[") { break }
                guard let equals = word.firstIndex(of: "=") else {
                    words.insert(word)
                    continue
                }
                let key = word[..<equals]
                let old = values.updateValue(word[word.index(after: equals)...], forKey: key)
                if old != nil && Self.unique.contains(key) { return nil }
            }
        }

        private static let unique: Set<Substring> = ["IN", "OUT", "SRC", "DST", "PROTO", "SPT", "DPT", "TYPE", "UID"]

        subscript(key: Substring) -> Substring? { values[key] }

        func number<Number: FixedWidthInteger>(_ key: Substring) -> Number? { values[key].flatMap { Number($0) } }

        func address(_ key: Substring) -> IPAddress? {
            values[key].flatMap { try? AddressRange(String($0)) }.flatMap(IPAddress.init)
        }

        /// The name of an interface; `nil` for none.
        func interface(_ key: Substring) -> String? { values[key].flatMap { $0.isEmpty ? nil : String($0) } }
    }

    private static let protocols: [Substring: TransportProtocol] = [
        "TCP": .tcp, "UDP": .udp, "UDPLITE": .udplite, "ICMP": .icmp, "ICMPv6": .icmpv6,
        "ESP": TransportProtocol(rawValue: 50), "AH": TransportProtocol(rawValue: 51),
    ]

    /// The packet in a message; `nil` for one that is cut short or has another form.
    ///
    /// - Parameters:
    ///   - message: the message: a prefix that ends with a colon and a space, and fields from `IN=` on.
    ///   - time: its time in seconds since 1970-01-01T00:00:00Z.
    public init?(message: Substring, time: Int64) {
        guard let colon = message.firstIndex(of: ":"), message[colon...].hasPrefix(": IN=") else { return nil }
        let start = message.index(colon, offsetBy: 2)
        guard let fields = Fields(message[start...]), let source = fields.address("SRC"),
            let destination = fields.address("DST"), source.family == destination.family,
            let transport = fields["PROTO"].flatMap({ name in
                Self.protocols[name] ?? UInt8(name).map(TransportProtocol.init)
            })
        else { return nil }
        self.init(
            prefix: String(message[..<start]), time: time, from: source, to: destination, transport)
        (arrival, departure) = (fields.interface("IN"), fields.interface("OUT"))
        (sourcePort, port) = (fields.number("SPT"), fields.number("DPT"))
        messageType = fields.number("TYPE")
        user = fields.number("UID")
        // The flags are the last words that a message cut short would lack.
        isMidway =
            transport == .tcp && port != nil && (!fields.words.contains("SYN") || fields.words.contains("ACK"))
    }
}
