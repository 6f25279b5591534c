internal import ArgumentParser
internal import Policies
internal import Printing

/// The log of one run in the Static Analysis Results Interchange Format (OASIS SARIF 2.1.0).
struct SARIFLog {
    /// How bad a result is (SARIF 3.27.10).
    enum Level: String {
        case error, warning, note

        /// The level of a severity by its word.
        init(_ severity: String) { self = Self(rawValue: severity) ?? .note }
    }

    /// A kind of result (SARIF 3.49).
    struct Rule {
        let id: String
        let summary: String
        var level = Level.error
    }

    /// One result (SARIF 3.27).
    struct Result {
        /// The id of its rule, which the log has.
        let rule: String
        let level: Level
        let message: String
        var location: SourceLocation?
        /// Whether the column of the location is the place that the message is about.
        var hasColumn = false
        /// The same for the same result of another run.
        var fingerprint: String?
        /// Why the policy accepts it.
        var justification: String?
    }

    let rules: [Rule]
    var results: [Result] = []
    /// Why the run failed; `nil` for one that did its work.
    var failure: String?

    /// The log for programs.
    var json: JSON {
        let driver: JSON = [
            "name": "portreeve", "version": .string(Portreeve.configuration.version),
            "rules": .array(rules.map(\.json)),
        ]
        let places = Dictionary(rules.enumerated().map { ($1.id, $0) }) { first, _ in first }
        return [
            "$schema": "https://json.schemastore.org/sarif-2.1.0.json", "version": "2.1.0",
            "runs": [
                [
                    "tool": ["driver": driver], "columnKind": "unicodeCodePoints",
                    "invocations": [invocation], "results": .array(results.map { $0.json(places) }),
                ]
            ],
        ]
    }

    private var invocation: JSON {
        guard let failure else { return ["executionSuccessful": true] }
        return [
            "executionSuccessful": false,
            "toolExecutionNotifications": [["level": "error", "message": ["text": .string(failure)]]],
        ]
    }
}

extension SARIFLog.Rule {
    fileprivate var json: JSON {
        [
            "id": .string(id), "shortDescription": ["text": .string(summary)],
            "defaultConfiguration": ["level": .string(level.rawValue)],
        ]
    }
}

extension SARIFLog.Result {
    fileprivate func json(_ places: [String: Int]) -> JSON {
        var members: [(String, JSON)] = [
            ("ruleId", .string(rule)), ("level", .string(level.rawValue)),
            ("message", ["text": .string(message.printable)]),
        ]
        if let place = places[rule] { members.insert(("ruleIndex", .number(place)), at: 1) }
        if let location {
            var region: [(String, JSON)] = [("startLine", .number(location.line))]
            if hasColumn { region.append(("startColumn", .number(location.column))) }
            let place: JSON = [
                "artifactLocation": ["uri": .string(location.file.uriReference)], "region": .object(region),
            ]
            members.append(("locations", [["physicalLocation": place]]))
        }
        if let fingerprint { members.append(("partialFingerprints", ["portreeveFinding/v1": .string(fingerprint)])) }
        if let justification {
            members.append(("suppressions", [["kind": "inSource", "justification": .string(justification)]]))
        }
        return .object(members)
    }
}

extension String {
    /// The path as a URI reference (RFC 3986): `file:` and three slashes before an absolute path.
    var uriReference: String {
        var text = hasPrefix("/") ? "file://" : ""
        for byte in utf8 {
            let scalar = Unicode.Scalar(byte)
            if scalar.isUnreserved || scalar == "/" {
                text.unicodeScalars.append(scalar)
            } else {
                let digits = String(byte, radix: 16, uppercase: true)
                text += digits.count == 1 ? "%0\(digits)" : "%\(digits)"
            }
        }
        return text
    }
}

extension Unicode.Scalar {
    /// Whether a URI has the character as it is (RFC 3986 2.3).
    fileprivate var isUnreserved: Bool {
        switch self {
        case "a"..."z", "A"..."Z", "0"..."9", "-", ".", "_", "~": true
        default: false
        }
    }
}
