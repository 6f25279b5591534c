public import Addressing
internal import Rulesets

/// The place to which a rule sends connections.
public struct TranslationTarget: Hashable, Sendable {
    /// The address; `nil` for the address of this host that the client dialled.
    public var address: IPAddress?
    /// The port; `nil` for the port that the client dialled.
    public var port: UInt16?
}

/// Connections whose destination a rule translates: some ports and sources of one class of packets.
public struct Translation: Hashable, Sendable {
    /// The protocol, the family, the interfaces and the dialled addresses.
    public var key: AccessRegions.Key
    /// The dialled ports.
    public var ports: IntervalSet<UInt16>
    /// The sources.
    public var sources: AddressSet
    /// The place to which they are sent; `nil` if it is not known.
    public var target: TranslationTarget?
    /// The rule that translates.
    public var rule: RuleReference
    /// The rules that make it uncertain: also the rule itself, where it chooses between several targets.
    public var doubts: [RuleReference]
}

extension AccessRegions {
    /// The translations of destinations of packets that arrive, on all interfaces but `lo`.
    ///
    /// They are computed anew: few callers ask for them, and a host may have thousands.
    public var translations: [Translation] {
        guard !redirections.isEmpty || !unread.isEmpty else { return [] }
        return keys.filter {
            $0.interface != .loopback && $0.transport.hasPorts && path.isPassed(by: $0.family)
        }.flatMap { key in
            survey.evaluate(key, path).redirected.map { piece, place, state in
                Translation(
                    key: key, ports: piece.ports, sources: spaces.addresses(piece.sources, key.family),
                    target: state.translationTarget(key.family), rule: rules.all[place],
                    doubts: piece.doubts.map { rules.all[$0] })
            }
        }
    }
}

extension PacketState {
    /// The target in the header; `nil` if it is not known.
    fileprivate func translationTarget(_ family: AddressFamily) -> TranslationTarget? {
        var target = TranslationTarget()
        if let destination, destination != dialled(family) {
            guard let bytes = destination.constants, let address = IPAddress(bigEndianBytes: bytes) else { return nil }
            target.address = address
        }
        if headerPort != .dialledPort {
            guard let bytes = headerPort.constants else { return nil }
            target.port = UInt16(bigEndianBytes: bytes)
        }
        return target
    }
}
