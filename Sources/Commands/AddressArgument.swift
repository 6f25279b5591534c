internal import Addressing

/// An address on the command line.
struct AddressArgument {
    let address: IPAddress

    /// Parses one address.
    init(_ text: String) throws(CommandError) {
        let range: AddressRange
        do throws(AddressError) { range = try AddressRange(text) } catch {
            let fault = error.reason == .notAnAddress ? "\"\(text)\" is not an address" : "\(error)"
            throw CommandError(.usage, "\(fault)\(Self.splitting(text) ?? Self.example)")
        }
        guard let address = IPAddress(range) else {
            throw CommandError(.usage, "\"\(text)\" is not one address\(Self.example)")
        }
        self.address = address
    }

    /// The advice to write `192.0.2.7:22` as two words; `nil` for other texts.
    private static func splitting(_ text: String) -> String? {
        guard let (host, port) = parts(of: text), (try? AddressRange(host)) != nil else { return nil }
        return ": an address and a port are two words, as in \"\(host) \(port)\""
    }

    /// The host and the port of `192.0.2.7:22`, `[2001:db8::7]:22` or `db1.example.org:22`; `nil` for other texts.
    static func parts(of text: String) -> (host: String, port: String)? {
        guard (try? AddressRange(text)) == nil, let colon = text.lastIndex(of: ":"),
            UInt16(text[text.index(after: colon)...]) != nil
        else { return nil }
        let host = text[..<colon].drop { $0 == "[" }.prefix { $0 != "]" }
        return host.isEmpty ? nil : (String(host), String(text[text.index(after: colon)...]))
    }

    private static let example = "; write one such as 192.0.2.7 or 2001:db8::7"
}
