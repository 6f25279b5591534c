/// An entry of `accepted`: findings of `verify` that are known and meant.
public struct Acceptance: Hashable, Sendable {
    /// A part by which findings of one kind are told apart; the raw value is the key in the policy.
    public enum Attribute: String, Hashable, Sendable, CaseIterable {
        /// The address of a listener, or the client of a session.
        case address
        /// The service.
        case service
        /// The executable, by its path or name.
        case process
        /// The systemd unit.
        case unit
        /// The table, with its family.
        case table
        /// The chain.
        case chain
        /// The set.
        case set
        /// The element of a set.
        case element
        /// The rule, as the finding names it.
        case rule
        /// The interface.
        case interface
        /// The source or list.
        case source
    }

    /// A condition on one attribute.
    public struct Term: Hashable, Sendable {
        /// The attribute.
        public var attribute: Attribute
        /// The text, without a trailing `*`.
        public var text: String
        /// Whether any rest may follow the text.
        public var isPrefix: Bool

        /// A condition as a policy writes it.
        public init(_ attribute: Attribute, _ written: String) {
            self.attribute = attribute
            isPrefix = written.hasSuffix("*")
            text = isPrefix ? String(written.dropLast()) : written
        }

        /// Whether the condition holds for this value of the attribute.
        public func matches(_ value: String) -> Bool {
            isPrefix ? value.utf8.starts(with: text.utf8) : value.utf8.elementsEqual(text.utf8)
        }
    }

    /// The location of the entry.
    public var location: SourceLocation
    /// The id of the findings.
    public var finding: String
    /// The ports; empty for any, and for findings without a port.
    public var ports: [ServicePort]
    /// The conditions, all of which must hold.
    public var terms: [Term]
    /// The reason.
    public var why: String?
    /// The person or team responsible.
    public var owner: String?
    /// The ticket.
    public var ticket: String?
    /// The time at which the findings are warnings again; `nil` for never.
    public var until: Expiry?

    /// An entry of these parts.
    public init(
        location: SourceLocation, finding: String, ports: [ServicePort] = [], terms: [Term] = [], why: String? = nil,
        owner: String? = nil, ticket: String? = nil, until: Expiry? = nil
    ) {
        self.location = location
        self.finding = finding
        self.ports = ports
        self.terms = terms
        self.why = why
        self.owner = owner
        self.ticket = ticket
        self.until = until
    }
}
