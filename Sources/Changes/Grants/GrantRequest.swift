public import Addressing
public import Policies

/// A grant that is asked for.
public struct GrantRequest {
    /// The name of the service.
    public let service: String
    /// The address that is to be let in.
    public let address: IPAddress
    /// For how long.
    public let span: TimeSpan
    /// What it is for.
    public let why: String

    /// A request of these parts.
    public init(service: String, address: IPAddress, span: TimeSpan, why: String) {
        self.service = service
        self.address = address
        self.span = span
        self.why = why
    }

    /// What it amounts to, in one line.
    var summary: String { "\(service) to \(address) for \(span.text): \(why)" }

    /// The grant, from `now` on; the number of its change comes later.
    func record(now: Int64, on host: ChangeHost) -> GrantRecord {
        GrantRecord(
            service: service, address: address, seconds: span.seconds, end: now + span.seconds,
            deadline: host.uptime() + span.seconds * 1000, why: why, author: host.author(), change: 0)
    }
}
