public import Addressing

/// The servers that this host asks for names.
public enum Resolvers {
    /// The addresses under `nameserver` of resolv.conf(5); empty if it cannot be read.
    public static func ofThisHost() -> [IPAddress] {
        addresses(in: ((try? OutputFile.read("/etc/resolv.conf")) ?? nil) ?? "")
    }

    /// The addresses in the contents of the file.
    static func addresses(in text: String) -> [IPAddress] {
        text.split(whereSeparator: \.isNewline).compactMap { line in
            let words = line.split(whereSeparator: \.isWhitespace)
            guard words.count > 1, words[0] == "nameserver", let address = words[1].split(separator: "%").first else {
                return nil
            }
            return (try? AddressRange(String(address))).flatMap(IPAddress.init)
        }
    }
}
