/// The state of packets, which many pieces have: a copy costs one reference, and a comparison with itself nothing.
final class SharedState: Hashable {
    let state: PacketState

    init(_ state: PacketState) { self.state = state }

    static func == (first: SharedState, second: SharedState) -> Bool {
        first === second || first.state == second.state
    }

    func hash(into hasher: inout Hasher) { state.hash(into: &hasher) }

    /// Whether packets of both states are the same for a rule that does not read where they go.
    func isLike(_ other: SharedState) -> Bool { self === other || state.isLike(other.state) }
}
