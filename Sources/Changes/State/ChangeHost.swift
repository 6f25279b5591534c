public import Kernel
public import System

/// The host functions that changes of the ruleset need; tests replace them.
public struct ChangeHost {
    /// The state directory of the current network namespace.
    public var location: () -> StateLocation
    /// The ruleset to change.
    public var identity: () -> RulesetIdentity
    /// The author of changes.
    public var author: () -> Author
    /// Milliseconds since boot.
    public var uptime: () -> Int64
    /// Starts the process that undoes the pending change of this directory; returns once it is ready.
    public var arm: (_ directory: String) throws(KernelError) -> Void
    /// Writes to the log and to the terminals of logged-in users.
    public var announce: (_ line: String) -> Void

    /// The ruleset to change.
    ///
    /// - Throws: `io` if this boot and this network namespace cannot be identified.
    func knownIdentity() throws(KernelError) -> RulesetIdentity {
        let identity = identity()
        if !identity.boot.isEmpty { return identity }
        throw KernelError(
            .io, "identifying this boot and network namespace", answer: "/proc cannot be read", advice: "mount /proc")
    }

    /// Creates a host.
    public init(
        location: @escaping () -> StateLocation, identity: @escaping () -> RulesetIdentity,
        author: @escaping () -> Author, uptime: @escaping () -> Int64,
        arm: @escaping (_ directory: String) throws(KernelError) -> Void, announce: @escaping (_ line: String) -> Void
    ) {
        self.location = location
        self.identity = identity
        self.author = author
        self.uptime = uptime
        self.arm = arm
        self.announce = announce
    }
}
