internal import Policies
internal import Printing

/// A suite of test cases in the XML that CI systems read, as Ant's JUnit task writes it.
///
/// There is no standard; the elements stand in an order that the schemas of Ant and of Jenkins both allow.
struct JUnitReport {
    /// One test case.
    struct Case {
        /// What is tested, such as the id of a finding.
        let group: String
        let name: String
        /// The failures, one line each; empty for a case that passed.
        var failures: [String] = []
        /// Whether the case could not be run, rather than that it failed.
        var isBroken = false
        /// The word for the worst failure.
        var kind = "error"
        /// Why the case shows nothing; `nil` for one that does.
        var omission: String?
    }

    let name: String
    let host: String
    /// Seconds since 1970-01-01T00:00:00Z.
    let now: Int64
    let cases: [Case]
    /// Lines that are no failures.
    var notes: [String] = []

    /// The document.
    var lines: [String] {
        let (failed, broken) = (cases.filter { !$0.failures.isEmpty && !$0.isBroken }, cases.filter(\.isBroken))
        let suite = [
            ("name", name), ("hostname", host), ("timestamp", String(UTCTime.text(now).prefix { $0 != "Z" })),
            ("tests", "\(cases.count)"), ("failures", "\(failed.count)"), ("errors", "\(broken.count)"),
            ("skipped", "\(cases.count { $0.omission != nil })"), ("time", "0"),
        ]
        return ["<?xml version=\"1.0\" encoding=\"UTF-8\"?>", "<testsuite\(suite.xml)>", "  <properties/>"]
            + cases.flatMap(\.lines)
            + ["  <system-out>\(notes.joined(separator: "\n").xml)</system-out>", "  <system-err/>", "</testsuite>"]
    }
}

extension JUnitReport.Case {
    fileprivate var lines: [String] {
        let attributes = [("classname", "portreeve.\(group)"), ("name", name), ("time", "0")].xml
        if let omission {
            return ["  <testcase\(attributes)>", "    <skipped\([("message", omission)].xml)/>", "  </testcase>"]
        }
        guard let first = failures.first else { return ["  <testcase\(attributes)/>"] }
        let element = isBroken ? "error" : "failure"
        return [
            "  <testcase\(attributes)>",
            "    <\(element)\([("type", kind), ("message", first)].xml)>\(failures.joined(separator: "\n").xml)</\(element)>",
            "  </testcase>",
        ]
    }
}

extension [(String, String)] {
    /// The attributes of an element.
    fileprivate var xml: String { map { " \($0)=\"\($1.xml)\"" }.joined() }
}

extension String {
    /// The text as XML 1.0 has it: control characters are escaped as everywhere else, since XML has no way to write them.
    fileprivate var xml: String {
        printableLines().replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
            .replacing("\"", with: "&quot;")
    }
}
