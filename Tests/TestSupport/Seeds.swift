import Foundation

/// The seeds of random tests.
public enum Seeds {
    /// The environment variable with the number of seeds of each random test; a few without it.
    public static let variable = "PORTREEVE_SEEDS"

    /// The seeds 0 to `few`, or as many as the environment asks for.
    public static func range(_ few: UInt64) -> Range<UInt64> {
        0..<(ProcessInfo.processInfo.environment[variable].flatMap { UInt64($0) } ?? few)
    }
}
