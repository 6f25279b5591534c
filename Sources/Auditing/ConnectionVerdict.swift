internal import Reachability

/// The verdict on a connection; the raw value is the word in every output.
public enum ConnectionVerdict: String, Hashable, Sendable {
    /// It is allowed.
    case accept
    /// It is dropped or rejected.
    case refuse
    /// The verdict is not known.
    case unknown

    init(_ verdict: PacketVerdict) {
        self =
            switch verdict {
            case .accept: .accept
            case .refuse: .refuse
            case .unknown: .unknown
            }
    }
}
