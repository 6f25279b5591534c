import Foundation

/// The seeds of random tests.
public enum Seeds {
    /// The environment variable with the number of seeds of each random test, or with a range of seeds: `4000..<4500`; without it, a few.
    public static let variable = "PORTREEVE_SEEDS"

    /// The seeds 0 to `few`, or those that the environment asks for.
    public static func range(_ few: UInt64) -> Range<UInt64> { range(few, asked: variable) }

    /// The numbers 0 to `few`, or those that an environment variable asks for: as many of them, or a range.
    static func range(_ few: UInt64, asked variable: String) -> Range<UInt64> {
        guard let asked = ProcessInfo.processInfo.environment[variable] else { return 0..<few }
        let bounds = asked.split(separator: "..<").compactMap { UInt64($0) }
        switch bounds.count {
        case 1: return 0..<bounds[0]
        case 2 where bounds[0] <= bounds[1]: return bounds[0]..<bounds[1]
        default: preconditionFailure("\(variable) is no number and no range: \(asked)")
        }
    }
}
