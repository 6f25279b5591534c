internal import ArgumentParser

/// A part of what `verify` can cross-check.
public enum VerifiedArea: String, CaseIterable, Sendable {
    /// The kernel's ruleset.
    case ruleset
    /// The listening sockets.
    case listeners
    /// The connections that others have made.
    case sessions
}

/// Areas as the command line lists them, separated by commas.
struct AreaList: ExpressibleByArgument, Sendable {
    let areas: Set<VerifiedArea>

    /// Every area there is.
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
