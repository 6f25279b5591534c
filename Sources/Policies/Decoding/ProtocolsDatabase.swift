internal import Addressing

/// The names of protocols, protocols(5); read when a name is first looked up.
final class ProtocolsDatabase {
    /// The path: `/etc/protocols`.
    let path: String
    private let files: any PolicyFiles
    private(set) lazy var entries = read()

    init(path: String, in files: any PolicyFiles) {
        self.path = path
        self.files = files
    }

    /// The number of the protocol with this name or alias; `nil` for none, and if the file cannot be read.
    func number(of name: String) -> UInt8? {
        guard case .success(let numbers) = entries else { return nil }
        return numbers[name] ?? numbers[name.lowercased()]
    }

    /// All names and aliases; of several lines with one name the first wins, as in `getprotobyname(3)`.
    private func read() -> Result<[String: UInt8], FileRefusal> {
        do throws(FileRefusal) {
            let bytes = try files.read(path, checksOwnership: false).bytes
            var numbers: [String: UInt8] = [:]
            for line in bytes.split(separator: UInt8(ascii: "\n")) {
                let text = String(decoding: line.prefix { $0 != UInt8(ascii: "#") }, as: UTF8.self)
                let words = text.split(whereSeparator: \.isWhitespace).map(String.init)
                guard words.count >= 2, let number = UInt8(words[1]) else { continue }
                for name in [words[0]] + words.dropFirst(2) where numbers[name] == nil { numbers[name] = number }
            }
            return .success(numbers)
        } catch {
            return .failure(error)
        }
    }
}
