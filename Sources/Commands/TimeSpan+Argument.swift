public import ArgumentParser
public import Policies

extension TimeSpan: ExpressibleByArgument {
    /// Parses an argument.
    public init?(argument: String) { self.init(argument) }
}
