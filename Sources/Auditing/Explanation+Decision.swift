public import Addressing
internal import Compiler
public import Policies
public import Reachability
internal import Rulesets

extension Explanation {
    /// Whether the connection is accepted because it comes in on loopback, whatever the policy says.
    public var isLoopback: Bool { verdict == .accept && question.isFromThisHost && isOwn }

    /// The line of the policy that decides.
    public var place: SourceLocation? {
        if isLoopback { return nil }
        if isBanned { return nil }
        if isDenied { return policy.deny?.location }
        if let trusted { return trusted.location }
        if service == nil, verdict == .refuse, !isForeign, let elsewhere { return elsewhere.destinations?.location }
        guard let service, verdict != .accept || isOwn else { return nil }
        if isOutsideSources && !isGranted { return verdict == .accept ? nil : service.entries.first?.sources.location }
        return service.listsEntries ? decidingEntry?.location ?? service.location : service.location
    }

    /// The entry of `trusted` that lets the connection in; `nil` if another line decides.
    public var trusted: Trusted? {
        guard verdict == .accept, let decision = conclusion.decision, !isForeign else { return nil }
        return policy.trusted.first { Names.trusted($0.name) == decision.chain }
    }

    /// The reason why an entry of `allow` does not match.
    public enum Mismatch: Hashable, Sendable {
        /// It has expired.
        case expired(Expiry)
        /// Its sources lack the source.
        case otherSources
        /// Its `except` has the source.
        case exempt
        /// It holds on other interfaces.
        case otherInterfaces([InterfacePattern])
    }

    /// The entries of the service in order, each with the reason why it does not match; `nil` for one that does, or may.
    public var entries: [(entry: AllowEntry, mismatch: Mismatch?)] {
        (service?.entries ?? []).map { ($0, mismatch(of: $0)) }
    }

    /// The first entry of the service that matches, or may.
    public var decidingEntry: AllowEntry? { entries.first { $0.mismatch == nil }?.entry }

    private func mismatch(of entry: AllowEntry) -> Mismatch? {
        if let expires = entry.expires, entry.isExpired(at: now) { return .expired(expires) }
        guard entry.addresses.isSuperset(of: question.addresses) else {
            return entry.sources.addresses.isSuperset(of: question.addresses) ? .exempt : .otherSources
        }
        guard let interface = question.interface, !entry.interfaces.isEmpty else { return nil }
        return entry.interfaces.contains { $0.matches(interface) } ? nil : .otherInterfaces(entry.interfaces)
    }

    /// Whether `deny` covers the source.
    public var isDenied: Bool { policy.deny?.addresses.isSuperset(of: question.addresses) == true }

    /// Whether a ban shuts the source out.
    public var isBanned: Bool {
        verdict == .refuse && conclusion.isBan
    }

    /// Whether `families` leaves out the family of the source.
    public var isLeftOut: Bool { !policy.defaults.families.contains(question.family) }

    /// The entry of `deny` that covers the source; `nil` if that takes several entries.
    public var denial: String? {
        policy.deny?.entries.first { entry in
            policy.addresses(ofEntry: entry)?.isSuperset(of: question.addresses) == true
        }
    }

    /// Whether the service declares the port but not the source.
    public var isOutsideSources: Bool {
        trusted == nil && service?.addresses.isSuperset(of: question.addresses) == false
    }

    /// The line of a list file on which the decision depends; `nil` if it depends on no list.
    public var listPlace: SourceLocation? {
        if isLoopback || isBanned || isGranted { return nil }
        return decidingSources.flatMap { policy.listEntry(covering: question.addresses, in: $0) }
    }

    /// The sources that let the source in, or shut it out.
    private var decidingSources: SourceList? {
        if isDenied { return policy.deny }
        if let trusted { return trusted.entry.sources }
        if verdict == .accept { return isOwn ? decidingEntry?.sources : nil }
        return exemption
    }

    /// The `except` that takes the source out of the sources of an entry.
    public var exemption: SourceList? { entries.first { $0.mismatch == .exempt }?.entry.except }

    /// The expiry of the service.
    public var expiry: Expiry? { service?.entries.lazy.compactMap(\.expires).first }

    /// The interfaces on which the service is open; empty for all.
    public var interfaces: [InterfacePattern] {
        let lists = service?.entries.map(\.interfaces) ?? []
        return lists.contains { $0.isEmpty } ? [] : lists.flatMap(\.self)
    }

    /// Whether the service has expired.
    public var isExpired: Bool { service?.isExpired(at: now) == true }

    /// Whether a grant lets the source in.
    public var isGranted: Bool {
        guard let service, verdict == .accept else { return false }
        return conclusion.trace.contains {
            $0.place.table == Names.table && $0.place.rule?.isGrant(of: service.name) == true
        }
    }

    /// Whether portreeve's table lets the source in.
    public var isOwn: Bool {
        conclusion.trace.contains { $0.place.table == Names.table && $0.place.policy == nil && $0.action == "accept" }
    }

    /// The rule of another table that redirects a declared port to another port of this host.
    public var redirection: RuleReference? {
        guard service != nil, !isOutsideSources, !isDenied, !conclusion.isForwarded, forwarding == nil else {
            return nil
        }
        return conclusion.redirection
    }

    /// The rule of a forward that leads the connection elsewhere; `nil` if none does.
    public var forwarding: RuleReference? {
        conclusion.redirection.flatMap { $0.table == Names.table ? $0 : nil }
    }

    /// The targets of the forward of the port for clients of the source's family; empty for a service.
    public var targets: [ForwardTarget] { service?.forwarding?.targets(question.family) ?? [] }

    /// Whether a forward has the port, and no target of the family of the source.
    public var lacksTarget: Bool { service?.forwarding != nil && targets.isEmpty }

    /// Whether a table other than portreeve's decides.
    public var isForeign: Bool { conclusion.decision.map { $0.table != Names.table } == true }
}

extension Policy {
    /// The addresses of an entry of a list of sources.
    fileprivate func addresses(ofEntry entry: String) -> AddressSet? {
        if let group = groups.first(where: { $0.name == entry }) { return group.addresses }
        return (try? AddressRange(entry)).map { AddressSet($0) }
    }
}
