internal import Rulesets

extension RegionEvaluation.Outcome {
    /// Whether the access of any packet is not certain.
    var isUncertain: Bool {
        !unknown.isEmpty || accepted.contains { !$0.doubts.isEmpty } || refused.contains { !$0.piece.doubts.isEmpty }
    }

    /// The result where packets are certain to be accepted that the other result accepts for certain.
    ///
    /// - Parameters:
    ///   - plain: the result for the packets with plain headers.
    ///   - space: the space of sources.
    /// - Returns: the result for attempts.
    func settled(by plain: Self, _ space: SourceSpace) -> Self {
        let (known, settling) = (accepted.filter(\.doubts.isEmpty), plain.accepted.filter(\.doubts.isEmpty))
        let (knownBoxes, boxes) = (known.map(\.box), settling.map(\.box))
        func rest(_ piece: Piece) -> [Piece] { piece.split(by: boxes, space).outside }
        var result = self
        // Certain pieces are disjoint.
        result.accepted = known + settling.flatMap { $0.split(by: knownBoxes, space).outside }
        result.accepted += accepted.filter { !$0.doubts.isEmpty }.flatMap(rest)
        result.unknown = unknown.flatMap(rest)
        result.refused = refused.flatMap { refusal in
            refusal.piece.doubts.isEmpty ? [refusal] : rest(refusal.piece).map { ($0, refusal.place) }
        }
        result.destinationTests.add(plain.destinationTests)
        result.excess = excess ?? plain.excess
        return result
    }
}

extension Piece {
    /// Its ports and sources.
    fileprivate var box: Box { Box(ports: ports, sources: sources) }
}

extension Table {
    /// Whether a rule reads the flags of TCP, or bytes that may be those, RFC 9293 3.1.
    var readsFlags: Bool {
        chains.contains { $0.rules.contains { $0.expressions.contains(where: \.readsFlags) } }
    }

    /// Whether a rule reads what clients choose in the headers of their first packets, or bytes that may be it.
    var readsChosenHeaders: Bool {
        chains.contains { $0.rules.contains { $0.expressions.contains(where: \.readsChosenHeaders) } }
    }
}

extension Expression {
    fileprivate var readsFlags: Bool {
        guard case .payload(let payload) = self, payload.base == .transport else { return false }
        return payload.reads(13)
    }

    fileprivate var readsChosenHeaders: Bool {
        switch self {
        // The source port and the flags of TCP.
        case .payload(let payload) where payload.base == .transport: payload.offset < 2 || payload.reads(13)
        // The length of the header of IPv4 and the next header of IPv6.
        case .payload(let payload) where payload.base == .network: payload.offset == 0 || payload.reads(6)
        case .conntrack(let load): load.key == .sourcePort
        case .opaque(name: "exthdr", _): true
        case .xtables(let part): part.readsChosenHeaders
        default: false
        }
    }
}

extension Payload {
    /// Whether it has the byte at an offset.
    fileprivate func reads(_ byte: UInt32) -> Bool { offset <= byte && end > byte }
}
