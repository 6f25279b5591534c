internal import ArgumentParser
internal import Policies

extension TimeSpan {
    /// A duration on the command line.
    static func argument(_ text: String) throws -> TimeSpan {
        if let span = TimeSpan(text) { return span }
        let isNumber = !text.isEmpty && text.allSatisfy { $0.isASCII && $0.isNumber }
        throw ValidationError(
            isNumber && text.contains { $0 != "0" }
                ? "a number needs a unit: \(text)s, \(text)m, \(text)h or \(text)d"
                : "write numbers with units, such as 90s, 2m, 1h30m or 7d, from 1s to 366d")
    }
}
