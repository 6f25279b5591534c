/// The last time at which a person confirmed that a service is still needed.
public struct Review: Hashable, Sendable {
    /// The end of that day, or the time, in seconds since 1970-01-01T00:00:00Z.
    public var time: Int64
    /// The date or time as written in the policy.
    public var written: String

    /// A review at this time.
    public init(time: Int64, written: String) {
        self.time = time
        self.written = written
    }
}
