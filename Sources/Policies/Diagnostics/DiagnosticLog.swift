/// Collects the diagnostics of one policy.
final class DiagnosticLog {
    /// The number of diagnostics kept for each severity; the rest is only counted.
    static let limit = 100

    private var kept: [(file: Int, diagnostic: Diagnostic)] = []
    private(set) var errorCount = 0
    private var warningCount = 0

    /// Whether an error was reported.
    var hasErrors: Bool { errorCount > 0 }

    /// Reports an error at `place` and suggests `repair`, the likely intended text; once, if it is reported again.
    func error(
        _ message: @autoclosure () -> String, at place: @autoclosure () -> SourceSpan,
        repair: @autoclosure () -> String? = nil
    ) {
        errorCount += 1
        guard errorCount <= Self.limit else { return }
        let isNew = keep(.error, message(), place(), repair())
        if !isNew { errorCount -= 1 }
    }

    /// Reports a warning at `place` and suggests `repair`, the likely intended text.
    func warning(
        _ message: @autoclosure () -> String, at place: @autoclosure () -> SourceSpan,
        repair: @autoclosure () -> String? = nil
    ) {
        warningCount += 1
        if warningCount <= Self.limit { keep(.warning, message(), place(), repair()) }
    }

    /// Adds information at `place`.
    func note(_ message: @autoclosure () -> String, at place: @autoclosure () -> SourceSpan) {
        keep(.note, message(), place(), nil)
    }

    /// Adds the diagnostics of another log.
    func add(_ other: DiagnosticLog) {
        for (_, diagnostics) in Dictionary(grouping: other.kept, by: \.diagnostic.severity) {
            let earlier = kept.count { $0.diagnostic.severity == diagnostics[0].diagnostic.severity }
            kept += diagnostics.prefix(max(0, Self.limit - earlier))
        }
        errorCount += other.errorCount
        warningCount += other.warningCount
    }

    /// All diagnostics, in the order of the files and of the places in each file.
    func sorted() -> [Diagnostic] {
        let order = kept.enumerated().sorted { left, right in
            let a = left.element
            let b = right.element
            if a.file != b.file { return a.file < b.file }
            guard let first = a.diagnostic.location, let second = b.diagnostic.location else { return false }
            return (first.line, first.column, left.offset) < (second.line, second.column, right.offset)
        }
        return order.map(\.element.diagnostic) + remainder(errorCount, .error) + remainder(warningCount, .warning)
    }

    /// Keeps a diagnostic; returns whether the same was not kept before, as of a key that stands for several.
    @discardableResult
    private func keep(
        _ severity: Diagnostic.Severity, _ message: String, _ place: SourceSpan, _ repair: String?
    ) -> Bool {
        guard !place.file.isHidden else {
            keepHidden(severity, place)
            return true
        }
        let hint = repair.map { "; did you mean \(Printable.quoted($0))?" } ?? ""
        let diagnostic = Diagnostic(
            severity: severity, message: message + hint, location: place.location, excerpt: place.excerpt)
        guard !kept.contains(where: { $0.file == place.file.index && $0.diagnostic == diagnostic }) else {
            return false
        }
        kept.append((place.file.index, diagnostic))
        return true
    }

    /// Keeps one diagnostic about a file whose contents the caller could not read: it shows none of them.
    private func keepHidden(_ severity: Diagnostic.Severity, _ place: SourceSpan) {
        guard !kept.contains(where: { $0.file == place.file.index && $0.diagnostic.severity == severity }) else {
            return
        }
        let message =
            "\(Printable.quoted(place.file.path)) has a line with \(severity == .error ? "an error" : "a \(severity.rawValue)"), "
            + "not shown because the user who ran sudo cannot read the file"
        kept.append((place.file.index, Diagnostic(severity: severity, message: message, location: place.location)))
    }

    private func remainder(_ count: Int, _ severity: Diagnostic.Severity) -> [Diagnostic] {
        guard count > Self.limit else { return [] }
        let rest = count - Self.limit
        let message = "\(rest) more \(severity.rawValue)\(rest == 1 ? "" : "s") not shown"
        return [Diagnostic(severity: severity, message: message, location: nil)]
    }
}
