public import Listeners

/// Something that a change of the ruleset breaks, or that stays broken after it.
public struct Breakage: Hashable, Sendable {
    /// What kind of thing it is; the raw value is the word in every output.
    public enum Kind: String, Hashable, Sendable {
        /// Somebody listens on a port that nobody reaches after the change.
        case unreachableListener = "unreachable-listener"
        /// Another table publishes a port that nobody reaches after the change.
        case unreachablePublishedPort = "unreachable-published-port"
        /// Another table drops or redirects what the policy lets in.
        case foreignOverride = "foreign-override"
        /// Something could not be read.
        case unknown
    }

    /// What kind of thing it is.
    public var kind: Kind
    /// What breaks, in one sentence.
    public var message: String
    /// The port it is about.
    public var port: AuditedPort?
    /// The service it is about.
    public var service: String?
    /// The process it is about.
    public var process: SocketProcess?
    /// The table it is in.
    public var table: String?
    /// The chain it is in.
    public var chain: String?

    /// A breakage of these parts.
    public init(
        _ kind: Kind, _ message: String, port: AuditedPort? = nil, service: String? = nil,
        process: SocketProcess? = nil, table: String? = nil, chain: String? = nil
    ) {
        self.kind = kind
        self.message = message
        self.port = port
        self.service = service
        self.process = process
        self.table = table
        self.chain = chain
    }

    /// What a rule of somebody else goes on doing after the change.
    public init(_ finding: Finding) {
        self.init(
            finding.identifier == .foreignOverride ? .foreignOverride : .unknown, finding.message, port: finding.port,
            service: finding.service, table: finding.table, chain: finding.chain)
    }
}
