public import Policies

/// Something that is not as the policy says.
public struct Finding: Hashable, Sendable {
    /// What kind of thing it is; the raw value is the id in every output.
    public enum Identifier: String, Hashable, Sendable, CaseIterable {
        /// The live table is not what the policy compiles to.
        case rulesetDrift = "ruleset-drift"
        /// A service's time is over.
        case expired
        /// A service's time is over soon.
        case expiresSoon = "expires-soon"
        /// Something could not be read.
        case unknown
    }

    /// How grave it is.
    public enum Severity: String, Hashable, Sendable, CaseIterable {
        /// Wrong.
        case error
        /// To be looked at.
        case warning
        /// To be known.
        case notice
    }

    /// What kind of thing it is.
    public var identifier: Identifier
    /// How grave it is.
    public var severity: Severity
    /// What is wrong, in one sentence.
    public var message: String
    /// The service it is about.
    public var service: String?
    /// The table it is in.
    public var table: String?
    /// The chain it is in.
    public var chain: String?
    /// The set or map it is in.
    public var set: String?
    /// The line of the policy that it departs from.
    public var policy: SourceLocation?

    /// A finding of these parts.
    public init(
        _ identifier: Identifier, _ severity: Severity, _ message: String, service: String? = nil,
        table: String? = nil, chain: String? = nil, set: String? = nil, policy: SourceLocation? = nil
    ) {
        self.identifier = identifier
        self.severity = severity
        self.message = message
        self.service = service
        self.table = table
        self.chain = chain
        self.set = set
        self.policy = policy
    }
}
