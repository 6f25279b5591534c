internal import Addressing
internal import Reachability
internal import Rulesets

/// The sections of a policy that is written from live rulesets.
struct PolicyDraft {
    /// A service.
    struct Service {
        var name = ""
        /// The ports of each protocol; a protocol without ports has all.
        var ports: [TransportProtocol: IntervalSet<UInt16>]
        /// The addresses of this host at which it is reached; empty for all.
        var destinations = AddressSet()
        var entries: [InterfaceAccess]
        /// The entries that come first, and have no limit where `limit` is that of the others.
        var free: [InterfaceAccess] = []
        /// The rules that let clients in, as nft writes them.
        var rules: [String] = []
        /// Further rules that let some clients of the same ports in.
        var otherRules: [String] = []
        /// The comment of those rules.
        var comment: String?
        /// The application of ufw that it belongs to, which is a name and no reason.
        var application: String?
        /// The name that firewalld has for its ports.
        var firewallName: String?
        var limit: DraftLimit?
        /// The connections whose limit is another one.
        var limitDifferences: [ImportDifference] = []
        /// Whether a rule logs its new connections.
        var isLogged = false
        /// Whether another program sends the connections on, as to a container.
        var isPublished = false
        /// The targets of a forward; `nil` if a program of this host answers.
        var targets: ForwardTargets?
        /// Whether it is a line of `outbound`: connections of this host.
        var isOutbound = false
        /// The users of the sockets of a line of `outbound`; empty for all.
        var users: [UInt32] = []
    }

    /// A limit of new connections.
    struct DraftLimit: Hashable {
        /// The rule that limits them.
        var rule: String
        /// The limit as a policy writes it; `nil` if a policy cannot say it.
        var text: String?
        /// What the limit of the policy does otherwise; `nil` for the same.
        var remark: String?

        /// The limit of a rule, with this text in a policy.
        init(_ place: RuleReference, text: String?) {
            rule = place.textWithoutComment
            self.text = text
            remark = text == nil ? nil : place.rule?.limitRemark
        }
    }

    /// Sources that every port is open to.
    struct Trusted {
        var name = ""
        var access: InterfaceAccess
        /// The rules that let them in, as nft writes them; empty if no rule refuses them.
        var rules: [String]
        var comment: String?

        /// The family of which no rule refuses anything; `nil` for none.
        var unfilteredFamily: AddressFamily? {
            guard rules.isEmpty, access.interfaces.isEmpty else { return nil }
            return AddressFamily.allCases.first { access.sources == .all($0) }
        }

        /// The sentence about an entry without a rule that lets it in.
        var openness: String {
            guard let family = unfilteredFamily else {
                return access.sources.isAny
                    ? "No rule refuses what arrives there." : "No rule refuses these clients there."
            }
            return "No rule filters \(family.title): all of it is let in."
        }
    }

    /// What becomes of echo requests.
    enum Ping: Hashable {
        case accept
        case drop
        case from(AddressSet, rate: String?)
    }

    /// The named sets of the live tables.
    var groups: [LiveGroup] = []
    /// The sources that no port is open to, while others are open to all but these.
    var denied = AddressSet()
    var trusted: [Trusted] = []
    var ping = Ping.accept
    /// The limit of echo requests.
    var pingLimit: DraftLimit?
    /// The interfaces by which echo requests of a family are answered that the policy refuses; `nil` for those that no rule names.
    var lostPings: [AddressFamily: [String?]] = [:]
    /// The echo requests whose limit is another one.
    var echoDifferences: [ImportDifference] = []
    /// Whether refused packets are answered.
    var rejects = false
    /// The logging of refused packets as a policy writes it; `nil` for none.
    var log: String?
    var services: [Service] = []
    /// The lines of `outbound`.
    var outbound: [Service] = []
    /// Whether what no line lets out is refused.
    var refusesOutbound = false
    /// The sources that leave under this host's address.
    var masquerades: [TranslationPlan.Masquerade] = []
    /// The rules that translate addresses and stay, in nft's notation.
    var kept: [String] = []
    /// The rules that translate addresses and go with their firewall, in nft's notation.
    var gone: [String] = []
    /// Sentences about what stays beside the policy, and about the words of the program that wrote the rules.
    var surroundings: [String] = []
    /// Sentences about what changes though the same connections are let in.
    var remarks: [String] = []
    /// The rules that make access unknown, and with it the policy incomplete.
    var doubts: [String] = []
    /// The ports of which it is not known to whom they are open.
    var undecided: [String] = []

    /// Whether a line is about all addresses of one family alone, so that `any` beside it would read as both.
    var tellsFamiliesApart: Bool {
        guard !isIPv4Only else { return false }
        let entries = services.filter(\.destinations.isEmpty).flatMap(\.entries) + trusted.map(\.access)
        return entries.contains { entry in AddressFamily.allCases.contains { entry.sources == .all($0) } }
    }

    /// Whether every line is about IPv4, so that the host refuses what IPv6 brings.
    ///
    /// Lines of `outbound` name far ends, which `families` says nothing about.
    var isIPv4Only: Bool {
        let lines = services.filter { $0.destinations.isEmpty || !$0.destinations.ipv6.isEmpty }
        let sources = lines.flatMap(\.entries).map(\.sources) + trusted.map(\.access.sources) + [denied]
        return outbound.isEmpty && masquerades.isEmpty && !lines.isEmpty && sources.allSatisfy(\.ipv6.isEmpty)
    }
}
