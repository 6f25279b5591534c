internal import ArgumentParser
internal import Changes
internal import Policies

/// Areas in the notation of the command line, separated by commas.
struct AreaList: Sendable {
    let areas: Set<Verification.Area>

    /// Every area.
    static let all = AreaList(areas: Set(Verification.Area.allCases))

    private init(areas: Set<Verification.Area>) { self.areas = areas }

    /// The names of the areas.
    static let names = Verification.Area.allCases.map(\.rawValue)

    /// Parses areas.
    static func argument(_ text: String) throws -> AreaList {
        let areas = try text.split(separator: ",", omittingEmptySubsequences: false).map { name in
            if let area = Verification.Area(rawValue: String(name)) { return area }
            let repair = Spelling.nearest(to: String(name), among: names).map { "did you mean \"\($0)\"? " } ?? ""
            let list = names.joined(separator: ", ")
            throw ValidationError("\(repair)write \(list), or several with commas between them")
        }
        return AreaList(areas: Set(areas))
    }
}

extension Host {
    /// The parts of the host that are compared with the policy, besides its rulesets.
    var surroundings: Verification.Surroundings {
        Verification.Surroundings(
            sockets: socketReading, sessions: sessions, competitors: competingFirewalls, resolvers: resolvers,
            programs: programs)
    }
}
