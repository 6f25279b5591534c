public import Addressing
public import Policies

/// A request for a grant.
public struct GrantRequest {
    /// The name of the service.
    public let service: String
    /// The address to allow.
    public let address: IPAddress
    /// The duration.
    public let span: TimeSpan
    /// The reason.
    public let why: String

    /// Creates a request.
    public init(service: String, address: IPAddress, span: TimeSpan, why: String) {
        self.service = service
        self.address = address
        self.span = span
        self.why = why
    }

    /// A summary in one line.
    var summary: String { "\(service) to \(address) for \(span.text): \(why)" }

    /// The grant, starting at `now`, which is `uptime` milliseconds after the boot; the number of its change is set later.
    func record(now: Int64, uptime: Int64, on host: ChangeHost) -> GrantRecord {
        GrantRecord(
            service: service, address: address, seconds: span.seconds, end: now + span.seconds,
            deadline: uptime + span.seconds * 1000, why: why, author: host.author(), change: 0)
    }
}
