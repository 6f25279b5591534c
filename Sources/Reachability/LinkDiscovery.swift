internal import Addressing
internal import Rulesets

/// Which clients find the hardware address of this host, by ARP for IPv4 or by neighbour discovery for IPv6.
///
/// A client on the link of an interface asks itself. For all others a router on the link asks, from an address of the link. This
/// host learns the address of a client from its request; without requests of its own it may forget that while the client is
/// connected, and does not find a router that asks from another address than that of the route.
struct LinkDiscovery {
    /// The clients of an interface or of several, each piece with all ports.
    struct Result {
        /// They find the host.
        var reaching: [SourceSpace.ID] = []
        /// They do not, because of the rule or the policy with this number.
        var lost: [(sources: SourceSpace.ID, place: Int)] = []
        /// It is not known, because of the rule with this number.
        var unknown: [(sources: SourceSpace.ID, place: Int)] = []
        /// They find the host, which may lose them, because of the rule or the policy with this number.
        var forgotten: [(sources: SourceSpace.ID, place: Int)] = []

        /// Whether all of them find the host, and are found.
        var isComplete: Bool { (lost + unknown + forgotten).isEmpty }
    }

    private struct Question: Hashable {
        let family: AddressFamily
        let interface: String
        let addresses: AddressSet
    }

    private let survey: Survey
    private let routes: Routes
    private let arrivals: [String: AddressSet]?
    /// Whether link-local addresses of IPv6, which every interface has, count as addresses of this host.
    private let countsLinkLocal: Bool
    private let answers = Answers()

    /// The results so far: a question is the same for all ports and protocols.
    private final class Answers {
        var known: [Question: Result] = [:]
    }

    /// The discovery through rulesets; `nil` if no rule can hinder it, or if the links are not known.
    init?(_ survey: Survey, countsLinkLocal: Bool) {
        guard let routes = survey.circumstances.routes, !routes.links.isEmpty, survey.decidesOnDiscovery else {
            return nil
        }
        (self.survey, self.routes, self.countsLinkLocal) = (survey, routes, countsLinkLocal)
        arrivals = routes.arrivals()
    }

    /// The clients on the interfaces of a class, out of these classes.
    func result(of key: AccessRegions.Key, among classes: [InterfaceClass]) -> Result {
        let names = routes.outerInterfaces.filter { classes.fitting($0) == key.interface }.sorted()
        return names.reduce(into: Result()) { result, name in
            let found = self.result(key.family, on: name, at: key.destination)
            result.reaching += found.reaching
            result.lost += found.lost
            result.unknown += found.unknown
            result.forgotten += found.forgotten
        }
    }

    private func result(_ family: AddressFamily, on name: String, at destination: DestinationClass) -> Result {
        let space = survey.spaces[family]
        let clients = arrivals.map { space.number(($0[name] ?? AddressSet()).spans(family)) } ?? space.all
        let own = routes.addresses(name).map(countsLinkLocal ? { $0 } : \.withoutLinkLocal) ?? AddressSet()
        let dialled = (destination.addresses.map(own.intersection) ?? own).part(family)
        guard routes.links.contains(name), !dialled.isEmpty else { return Result(reaching: [clients]) }
        let question = Question(family: family, interface: name, addresses: dialled)
        if let known = answers.known[question] { return known }
        let result = ask(question, clients, space)
        answers.known[question] = result
        return result
    }

    private func ask(_ question: Question, _ clients: SourceSpace.ID, _ space: SourceSpace) -> Result {
        let key = AccessRegions.Key(
            family: question.family, transport: question.family == .ipv6 ? .icmpv6 : TransportProtocol(rawValue: 0),
            interface: .named(question.interface),
            destination: DestinationClass(addresses: question.addresses, possible: question.addresses))
        let requests = survey.evaluate(.request, key, among: space.all)
        let heard = space.union(of: (requests.accepted + requests.unknown).map(\.sources))
        let outcomes = [requests, survey.evaluate(.answer, key, among: heard)]
        let refused = outcomes.flatMap(\.refused)
        let certain = refused.filter(\.piece.doubts.isEmpty).map { (sources: $0.piece.sources, place: $0.place) }
        let unsure = (outcomes.flatMap(\.unknown) + refused.map(\.piece)).filter { !$0.doubts.isEmpty }
        let isWhole = space.canonical(space.union(of: certain.map(\.sources))) == space.all
        let link = routes.networks(question.interface).map { space.number($0.spans(question.family)) } ?? space.none
        // Behind a router only what is so for every address of the link is certain.
        let asking = space.intersection(clients, isWhole ? space.all : link)
        func limited(_ parts: [(sources: SourceSpace.ID, place: Int)]) -> [(sources: SourceSpace.ID, place: Int)] {
            parts.map { (space.canonical(space.intersection($0.sources, asking)), $0.place) }
                .filter { $0.sources != space.none }
        }
        var result = Result()
        result.lost = limited(certain)
        result.unknown = limited(unsure.map { ($0.sources, $0.doubts[0]) })
        if !isWhole { result.forgotten = forgetting(key, space).map { (clients, $0) } }
        let hindered = space.union(of: (result.lost + result.unknown).map(\.sources))
        result.reaching = [space.difference(clients, hindered)]
        return result
    }
}

extension LinkDiscovery {
    /// The rule or the policy that drops all requests of this host, or the answers to them; empty for none.
    private func forgetting(_ key: AccessRegions.Key, _ space: SourceSpace) -> [Int] {
        let refused = [LinkMessage.ownRequest, .ownAnswer].flatMap { message in
            let outcome = survey.evaluate(message, key, among: space.all)
            let certain = outcome.refused.filter(\.piece.doubts.isEmpty)
            return space.canonical(space.union(of: certain.map(\.piece.sources))) == space.all ? certain : []
        }
        return refused.prefix(1).map(\.place)
    }
}

extension LinkDiscovery.Result {
    /// The result for the packets in these pieces.
    func outcome(of pieces: [Piece], _ space: SourceSpace) -> RegionEvaluation.Outcome {
        func parts(_ sources: SourceSpace.ID) -> [Piece] { pieces.limited(to: sources, space) }
        var outcome = RegionEvaluation.Outcome()
        outcome.accepted = reaching.flatMap(parts)
        outcome.refused = lost.flatMap { lost in parts(lost.sources).map { ($0, lost.place) } }
        outcome.unknown = unknown.flatMap { unknown in parts(unknown.sources).map { $0.doubted(by: unknown.place) } }
        return outcome
    }

    /// The parts of these pieces whose clients this host may lose.
    func forgotten(of pieces: [Piece], _ space: SourceSpace) -> [(piece: Piece, place: Int)] {
        forgotten.flatMap { part in pieces.limited(to: part.sources, space).map { ($0, part.place) } }
    }
}

extension [Piece] {
    fileprivate func limited(to sources: SourceSpace.ID, _ space: SourceSpace) -> [Piece] {
        compactMap { piece in
            var part = piece
            part.sources = space.canonical(space.intersection(piece.sources, sources))
            return part.sources == space.none ? nil : part
        }
    }
}

extension AddressSet {
    /// The addresses of a family as numbers.
    fileprivate func spans(_ family: AddressFamily) -> IntervalSet<UInt128> {
        switch family {
        case .ipv4: IntervalSet(ipv4.ranges.map { UInt128($0.lowerBound)...UInt128($0.upperBound) })
        case .ipv6: ipv6
        }
    }

    fileprivate func part(_ family: AddressFamily) -> AddressSet {
        family == .ipv4 ? AddressSet(ipv4: ipv4) : AddressSet(ipv6: ipv6)
    }

    /// The addresses without fe80::/10 (RFC 4291 2.5.6).
    fileprivate var withoutLinkLocal: AddressSet {
        let start = UInt128(0xfe80) << 112
        return AddressSet(ipv4: ipv4, ipv6: ipv6.subtracting(IntervalSet(start...(start | UInt128.max >> 10))))
    }
}
