import Foundation
import TestSupport
import Testing

extension Portreeve {
    /// Loads a ruleset of another program.
    func load(_ text: String) throws { try shell("nft -f " + write(text, to: "rules.nft")) }

    /// The JSON that a command prints.
    func json(_ arguments: String...) throws -> [String: Any] {
        let result = try self(arguments + ["--format", "json"])
        return try #require(
            try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any], "\(result.errors)")
    }
}
