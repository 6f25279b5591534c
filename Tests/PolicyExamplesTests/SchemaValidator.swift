import Foundation
import TestSupport

/// Validates files with the JSON Schema as editors do: `validate.py`, with Python's jsonschema and PyYAML.
enum SchemaValidator {
    private static let script = URL(filePath: #filePath, directoryHint: .notDirectory)
        .deletingLastPathComponent().appending(path: "validate.py").path

    /// Whether Python and its two modules are installed; `.ci/run` requires them.
    static let isAvailable: Bool = {
        if ProcessInfo.processInfo.environment["PORTREEVE_REQUIRE_PRIVILEGES"] != nil { return true }
        return (try? run(["-c", "import jsonschema, yaml"])) != nil
    }()

    /// The verdict of the schema on each file: `valid`, or `invalid` with the reason.
    static func verdicts(_ files: [URL], schema: URL = ExampleFiles.schema) throws -> [String] {
        try run([script, schema.path] + files.map(\.path)).split(separator: "\n").map(String.init)
    }

    /// The verdict of the schema on each text of a policy.
    static func verdicts(texts: [String]) throws -> [String] {
        let folder = FileManager.default.temporaryDirectory.appending(path: "schema-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let files = try texts.enumerated().map { index, text in
            let file = folder.appending(path: "\(index).yaml")
            try text.write(to: file, atomically: false, encoding: .utf8)
            return file
        }
        return try verdicts(files)
    }

    private static func run(_ arguments: [String]) throws -> String {
        let result = try Program.run(["/usr/bin/python3"] + arguments)
        guard result.status == 0 else { throw Failure(status: result.status, errors: result.errors) }
        return result.output
    }

    struct Failure: Error {
        let status: Int32
        let errors: String
    }
}
