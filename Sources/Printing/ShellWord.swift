extension String {
    /// The text as one word of a shell, in single quotes where it needs them.
    public var shellWord: String {
        let isPlain = !isEmpty && unicodeScalars.allSatisfy { $0.properties.isAlphabetic || Self.plain.contains($0) }
        let word = printable
        return isPlain
            ? word : "'\(word.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''"))'"
    }

    private static let plain = Set("0123456789-_./:@%+,=".unicodeScalars)
}
