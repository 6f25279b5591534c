public import Addressing
public import Policies

/// A request for a ban.
public struct BanRequest {
    /// An address or a prefix.
    public let addresses: AddressRange
    /// The duration.
    public let span: TimeSpan
    /// The reason.
    public let why: String

    /// Creates a request.
    public init(addresses: AddressRange, span: TimeSpan, why: String) {
        self.addresses = addresses
        self.span = span
        self.why = why
    }

    /// A summary in one line.
    var summary: String { "\(addresses) banned for \(span.text): \(why)" }

    /// The ban, starting at `now`, which is `uptime` milliseconds after the boot; the number of its change is set later.
    func record(now: Int64, uptime: Int64, on host: ChangeHost) -> BanRecord {
        BanRecord(
            addresses: addresses, seconds: span.seconds, end: now + span.seconds,
            deadline: uptime + span.seconds * 1000, why: why, author: host.author(), change: 0)
    }
}

/// The result of a ban or of its end.
public struct BanOutcome {
    /// The kind of result.
    public enum Deed: Hashable, Sendable {
        /// The addresses get nothing until this time, in seconds since 1970-01-01T00:00:00Z.
        case banned(until: Int64, for: TimeSpan)
        /// The ban of the addresses was ended; another one may cover them still.
        case unbanned(stillCoveredBy: AddressRange?)
        /// The addresses had no ban; others have one.
        case needless(others: [String])
        /// No table is loaded, and no ban is recorded.
        case notLoaded
    }

    /// The kind of result.
    public let deed: Deed
    /// The addresses.
    public let addresses: AddressRange
    /// The change; `nil` if there was nothing to do.
    public var made: RulesetState.Made?

    /// The outcome where no table is loaded, and no ban is recorded.
    public static func notLoaded(_ addresses: AddressRange) -> Self { Self(deed: .notLoaded, addresses: addresses) }
}
