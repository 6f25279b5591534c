internal import ArgumentParser

/// A part of the host that `verify` can check.
public enum VerifiedArea: String, CaseIterable, Sendable {
    /// The kernel's ruleset.
    case ruleset
    /// The listening sockets.
    case listeners
    /// The established sessions from other hosts.
    case sessions
}

/// Areas in the notation of the command line, separated by commas.
struct AreaList: ExpressibleByArgument, Sendable {
    let areas: Set<VerifiedArea>

    /// Every area.
    static let all = AreaList(areas: Set(VerifiedArea.allCases))

    private init(areas: Set<VerifiedArea>) { self.areas = areas }

    init?(argument: String) {
        let names = argument.split(separator: ",", omittingEmptySubsequences: false)
        let areas = names.compactMap { VerifiedArea(rawValue: String($0)) }
        guard areas.count == names.count else { return nil }
        self.init(areas: Set(areas))
    }

    var defaultValueDescription: String { VerifiedArea.allCases.map(\.rawValue).joined(separator: ",") }
}
