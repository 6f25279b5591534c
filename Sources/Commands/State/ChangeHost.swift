public import Kernel

/// What a change of the ruleset needs of the host beside the ruleset; tests put their own in its place.
public struct ChangeHost {
    /// The directory in which state of the present network namespace is kept, which the user calls by this name.
    public var directory: (_ netns: String?) -> String
    /// The ruleset that is changed.
    public var identity: () -> RulesetIdentity
    /// Who changes it.
    public var author: () -> Author
    /// Milliseconds since the host was started.
    public var uptime: () -> Int64
    /// Starts the process that undoes what is pending in this directory, and returns when that can be relied on.
    public var arm: (_ directory: String) throws(StoreError) -> Void
    /// Tells the log, and those who are logged in.
    public var announce: (_ line: String) -> Void

    /// A host of these parts.
    public init(
        directory: @escaping (_ netns: String?) -> String, identity: @escaping () -> RulesetIdentity,
        author: @escaping () -> Author, uptime: @escaping () -> Int64,
        arm: @escaping (_ directory: String) throws(StoreError) -> Void, announce: @escaping (_ line: String) -> Void
    ) {
        self.directory = directory
        self.identity = identity
        self.author = author
        self.uptime = uptime
        self.arm = arm
        self.announce = announce
    }
}
