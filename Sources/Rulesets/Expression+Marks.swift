/// The owner of a mark that rules test and set.
public enum MarkOwner: Hashable, Sendable {
    /// The packet, `meta mark`.
    case packet
    /// The connection, `ct mark`.
    case connection
}

extension Expression {
    /// The owner of the mark that it loads into a register, 4 bytes in host byte order; `nil` for another expression.
    public var loadedMark: (owner: MarkOwner, destination: Register)? {
        switch self {
        case .meta(.mark, let register): (.packet, register)
        case .conntrack(let load) where load.key == .mark: (.connection, load.destination)
        default: nil
        }
    }

    /// The owner of the mark that it sets to the value of a register; `nil` for another expression.
    public var assignedMark: (owner: MarkOwner, source: Register)? {
        switch self {
        case .setConntrack(let assignment) where assignment.key == .mark: (.connection, assignment.source)
        case .opaque(let name, let attributes):
            OpaqueStatement(name: name, attributes: attributes).assignedMark
        default: nil
        }
    }
}
