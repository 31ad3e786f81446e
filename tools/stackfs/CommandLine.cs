using System.CommandLine;
using System.CommandLine.Invocation;
using System.CommandLine.Parsing;
using StackFs.Cli.Output;

namespace StackFs.Cli;

/// <summary>Parses and runs a command line with our way of telling errors.</summary>
internal static class CommandLine
{
    /// <summary>
    /// Runs what <paramref name="arguments"/> say. An argument that starts with @ is a file name like any other, and
    /// exceptions reach the caller.
    /// </summary>
    /// <exception cref="CommandException">The command line is wrong, or the command cannot go on.</exception>
    public static ExitCode Invoke(RootCommand root, IReadOnlyList<string> arguments)
    {
        ParseResult result = root.Parse(arguments, new ParserConfiguration { ResponseFileTokenReplacer = null });
        Command command = result.CommandResult.Command;
        bool asksForHelpOrVersion = result.Action is not (null or ParseErrorAction) && result.Action != command.Action;
        if (!asksForHelpOrVersion && WhatIsWrong(result, arguments) is string wrong)
        {
            throw new CommandException(
                ExitCode.Usage, wrong, $"try: {NameOf(command, root)} --help");
        }

        return (ExitCode)result.Invoke(new InvocationConfiguration { EnableDefaultExceptionHandler = false });
    }

    /// <summary>How the command is called, with the commands that it is part of.</summary>
    private static string NameOf(Command command, RootCommand root) => command == root
        ? Messages.CalledAs
        : $"{NameOf(command.Parents.OfType<Command>().First(), root)} {command.Name}";

    private static string? WhatIsWrong(ParseResult result, IReadOnlyList<string> arguments)
    {
        Command command = result.CommandResult.Command;

        // The parser takes an option that it does not know for an argument, where one is expected.
        IEnumerable<string> values = result.CommandResult.Children.OfType<ArgumentResult>()
            .SelectMany(r => r.Tokens).Select(t => t.Value).Concat(result.UnmatchedTokens);
        if (!arguments.Contains("--") && values.FirstOrDefault(v => v.Length > 1 && v[0] == '-') is string option)
        {
            return $"unknown option {option}";
        }

        if (command.Subcommands.Count > 0)
        {
            return result.UnmatchedTokens is [string name, ..] ? $"unknown command {name}" : "a command is missing";
        }

        if (result.UnmatchedTokens is [string extra, ..])
        {
            return $"one argument too many: {extra}";
        }

        Argument? missing = command.Arguments.FirstOrDefault(
            a => a.Arity.MinimumNumberOfValues > 0 && result.GetResult(a) is null or { Tokens.Count: 0 });
        return missing is not null ? $"{missing.Name} is missing"
            : result.Errors is [ParseError error, ..] ? OneLine(error.Message)
            : null;
    }

    private static string OneLine(string message)
    {
        string line = string.Join(' ', message.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)).TrimEnd('.');
        return char.ToLowerInvariant(line[0]) + line[1..];
    }
}
