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
    /// The directory of the floor for a boot that cannot use this state directory; `nil` if no boot loads from it.
    public var floorDirectory: (_ state: String) -> String? = { _ in nil }
    /// The TCP ports on which SSH servers listen for other hosts.
    public var sshPorts: () -> [UInt16] = { [] }
    /// Notes, until the next boot, whether this boot has loaded a table from this state directory.
    public var markLoaded: (_ state: String, _ isLoaded: Bool) -> Void = { _, _ in }
    /// Warns the user of this command.
    public var warn: (_ text: String) -> Void = { _ in }
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
