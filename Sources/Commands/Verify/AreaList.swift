internal import ArgumentParser
internal import Changes

/// Areas in the notation of the command line, separated by commas.
struct AreaList: ExpressibleByArgument, Sendable {
    let areas: Set<Verification.Area>

    /// Every area.
    static let all = AreaList(areas: Set(Verification.Area.allCases))

    private init(areas: Set<Verification.Area>) { self.areas = areas }

    init?(argument: String) {
        let names = argument.split(separator: ",", omittingEmptySubsequences: false)
        let areas = names.compactMap { Verification.Area(rawValue: String($0)) }
        guard areas.count == names.count else { return nil }
        self.init(areas: Set(areas))
    }

    var defaultValueDescription: String { Verification.Area.allCases.map(\.rawValue).joined(separator: ",") }
}

extension Host {
    /// The parts of the host that are compared with the policy, besides its rulesets.
    var surroundings: Verification.Surroundings {
        Verification.Surroundings(
            sockets: readSockets, sessions: sessions, competitors: competingFirewalls, resolvers: resolvers,
            programs: programs)
    }
}
