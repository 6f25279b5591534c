import Foundation
import System
import Testing

@testable import Policies

/// The schema agrees with the reader, as far as a schema can.
@Suite(.enabled(if: SchemaValidator.isAvailable, "needs python3-jsonschema and python3-yaml"))
struct SchemaTests {
    @Test func acceptsTheExamples() throws {
        #expect(try Set(SchemaValidator.verdicts(ExampleFiles.policies)) == ["valid"])
        let includes = try SchemaValidator.verdicts(ExampleFiles.includes, schema: ExampleFiles.includeSchema)
        #expect(Set(includes) == ["valid"])
    }

    @Test func acceptsPoliciesThatTheReaderAccepts() throws {
        try expect(PolicySnippets.good, schema: true, reader: true)
    }

    @Test func rejectsPoliciesThatTheReaderRejects() throws {
        try expect(PolicySnippets.bad, schema: false, reader: false)
    }

    /// Errors that need names, arithmetic or other files are found only by `check`, not by editors.
    @Test func leavesOtherErrorsToTheReader() throws {
        try expect(PolicySnippets.beyondSchemas, schema: true, reader: false)
    }

    @Test func knowsEveryKeyOfAService() throws {
        let definitions = try #require(try schema()["definitions"] as? [String: Any])
        let service = try #require(definitions["service"] as? [String: Any])
        let properties = try #require(service["properties"] as? [String: Any])
        #expect(properties.keys.sorted() == Service.keys.sorted())
        let line = try #require(definitions["outboundLine"] as? [String: Any])
        let lineKeys = try #require(line["properties"] as? [String: Any])
        #expect(lineKeys.keys.sorted() == OutboundLine.keys.sorted())
        let entry = try #require(definitions["allowEntry"] as? [String: Any])
        let conditions = try #require(entry["properties"] as? [String: Any])
        #expect(conditions.keys.sorted() == EntryDecoder.keys.sorted())
        let serviceKey = try #require(definitions["serviceKey"] as? [String: Any])
        #expect(serviceKey["enum"] as? [String] == Service.keys)
    }

    @Test func describesEveryKey() throws {
        let schema = try schema()
        #expect(try undescribed(in: schema, of: schema) == [])
    }

    private func schema() throws -> [String: Any] {
        let data = try Data(contentsOf: ExampleFiles.schema)
        return try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
    }

    /// The keys without a description, neither of their own nor of a definition that they refer to.
    private func undescribed(in value: Any, of schema: [String: Any]) throws -> [String] {
        if let list = value as? [Any] { return try list.flatMap { try undescribed(in: $0, of: schema) } }
        guard let object = value as? [String: Any] else { return [] }
        let definitions = schema["definitions"] as? [String: Any] ?? [:]
        let properties = object["properties"] as? [String: [String: Any]] ?? [:]
        let missing = properties.filter { _, property in
            let name = (property["$ref"] as? String)?.split(separator: "/").last.map(String.init)
            let target = name.flatMap { definitions[$0] as? [String: Any] }
            return property["description"] == nil && target?["description"] == nil
        }
        return try missing.keys.sorted() + object.values.flatMap { try undescribed(in: $0, of: schema) }
    }

    private func expect(
        _ snippets: [String], schema: Bool, reader: Bool, sourceLocation: Testing.SourceLocation = #_sourceLocation
    ) throws {
        let verdicts = try SchemaValidator.verdicts(texts: snippets)
        #expect(verdicts.count == snippets.count, sourceLocation: sourceLocation)
        for (snippet, verdict) in zip(snippets, verdicts) {
            let reading = try read(snippet)
            let diagnostics = reading.diagnostics.map { $0.rendered(color: false) }.joined(separator: "\n")
            #expect((verdict == "valid") == schema, "\(snippet)\n\(verdict)", sourceLocation: sourceLocation)
            #expect((reading.policy != nil) == reader, "\(snippet)\n\(diagnostics)", sourceLocation: sourceLocation)
        }
    }

    private func read(_ text: String) throws -> PolicyReading {
        let file = FileManager.default.temporaryDirectory.appending(path: "schema-\(UUID().uuidString).yaml")
        try text.write(to: file, atomically: false, encoding: .utf8)
        defer { try? FileManager.default.removeItem(at: file) }
        return PolicyReader.read(path: file.path, options: ReadingOptions(), files: TrustedFiles())
    }
}
