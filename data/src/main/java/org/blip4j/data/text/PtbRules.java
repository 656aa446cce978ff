package org.blip4j.data.text;

import com.google.common.collect.ImmutableList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Where the tokens of a text end, as Stanford CoreNLP 3.4.1 sees the Penn Treebank: of all rules
 * that fit at a place the one that reaches furthest wins, the earlier of two that reach equally
 * far. Found by comparing outputs.
 *
 * <p>Some rules look past the token: their only group is the token, and what they looked at counts
 * as reached.
 */
final class PtbRules {
  /** Combining marks and signs that belong to words, of those scripts in which they do. */
  static final String MARKS =
      "\u00ad\u02c2-\u02c5\u02d2-\u02df\u02e5-\u02eb\u02ed\u02ef-\u036f\u0375"
          + "\u0378-\u0379\u0384-\u0385\u03f6\u0483-\u0487\u055a-\u055f\u0591-\u05bd\u05bf"
          + "\u05c1-\u05c2\u05c4-\u05c5\u05c7\u0615-\u061a\u064b-\u065e\u0670\u06d6-\u06e4"
          + "\u06e7-\u06ed\u06fd-\u06fe\u070f\u0711\u0730-\u074c\u07a6-\u07b0\u07eb-\u07f3"
          + "\u0900-\u0903\u093c\u093e-\u094e\u0951-\u0955\u0962-\u0963\u0981-\u0983\u09bc"
          + "\u09be-\u09c4\u09c7-\u09c8\u09cb-\u09cd\u09d7\u09e2-\u09e3\u0a01-\u0a03\u0a3c"
          + "\u0a3e-\u0a4f\u0a81-\u0a83\u0abc\u0abe-\u0acf\u0b82\u0bbe-\u0bc2\u0bc6-\u0bc8"
          + "\u0bca-\u0bcd\u0c01-\u0c03\u0c3e-\u0c56\u0d3e-\u0d44\u0d46-\u0d48\u0e31"
          + "\u0e34-\u0e3a\u0e47-\u0e4e\u0eb1\u0eb4-\u0ebc\u0ec8-\u0ecd";

  /** Characters that are a token alone, beside letters, digits and ASCII; all others vanish. */
  static final String SYMBOLS =
      "\u00a1\u00a5-\u00a9\u00ac\u00ae-\u00b4\u00b6-\u00b9\u00bf\u00d7\u00f7\u037e"
          + "\u0387\u0589\u05be\u05c0\u05c3\u05c6\u05f3-\u05f4\u0600-\u0603\u0606-\u060c"
          + "\u0614\u061b\u061e-\u061f\u066a\u066d\u06d4\u0700-\u070d\u07f6-\u07f8"
          + "\u0964-\u0965\u0e3f\u0e4f\u1fbd\u2016-\u2017\u201a\u201e-\u2023\u2030-\u2038"
          + "\u203b\u203e-\u2042\u2044\u2070\u2074-\u207e\u2080-\u208e\u20a4\u2100-\u2101"
          + "\u2103-\u2106\u2108-\u2109\u2114\u2116-\u2118\u211e-\u2123\u2125\u2127\u2129"
          + "\u212e\u213a-\u213b\u2140-\u2144\u214a-\u214d\u214f\u2155-\u215e\u2190-\u2bff"
          + "\u3001-\u3002\u3012\u30fb\uff01-\uff0f\uff1a-\uff20\uff3b-\uff40\uff5b-\uff65"
          + "\uffe0-\uffe1\uffe5-\uffe6";

  private static final String LETTER_RANGES = "\\p{L}&&[\\u0000-\\uffff]";
  private static final String ENTITY = "&[aeiouAEIOU](?:acute|grave|uml);";
  private static final String LETTER = "(?:[" + LETTER_RANGES + "]|[" + MARKS + "]|" + ENTITY + ")";
  private static final String MORE =
      "(?:[[" + LETTER_RANGES + "][" + MARKS + "]\\p{Nd}]++|" + ENTITY + ")";
  private static final String WORD = LETTER + MORE + "*+(?:[.!?]" + LETTER + MORE + "*+)*+";
  private static final String APOSTROPHE = "(?:['\u0092\u2019]|&apos;)";
  private static final String ANY_APOSTROPHE = "(?:['\u0091\u0092`\u2018\u2019\u201b]|&apos;)";

  /** The short forms 's, 'm, 'd, 're, 've, 'll. */
  private static final String SHORT = APOSTROPHE + "(?:[msdMSD]|re|ve|ll|RE|VE|LL)";

  private static final String NOT = "(?:n" + ANY_APOSTROPHE + "t|N" + ANY_APOSTROPHE + "T)";

  /** Part of a compound, before which an elided article or particle may stand: d'oeuvres. */
  private static final String LETTER_OR_DIGIT = "[[" + LETTER_RANGES + "]\\p{Nd}]";

  private static final String PART =
      "(?:[dDoOlL]" + ANY_APOSTROPHE + LETTER_OR_DIGIT + ")?" + LETTER_OR_DIGIT + "++";

  private static final String COMPOUND = PART + "(?:[-_\u058a\u2010\u2011]" + PART + ")*+";
  private static final String HYPHENED =
      "[A-Za-z0-9][A-Za-z0-9.,\u00ad]*(?:-(?:[A-Za-z](?:\\.[A-Za-z])+\\.|[A-Za-z0-9\u00ad]+))++";
  private static final String SLASH_PART = "[A-Za-z0-9]+(?:-[A-Za-z]+){0,2}";
  private static final String NUMBER =
      "(?:\\p{Nd}*+(?:[.:,\u00ad\u066b\u066c]\\p{Nd}++)++|\\p{Nd}++)";
  private static final String PAUSE = "[,;:\u3001]";
  private static final String URL_END = "[^ \t\n\"<>|.!?(){},\\-]";
  private static final String PATH = "(?:/[^ \t\n\"<>|()]+" + URL_END + ")?";

  /** Quotation marks, of which two together are one token. */
  static final String QUOTES = "\\u0091-\\u0094\\u00ab\\u00bb\\u2018-\\u201f\\u2039\\u203a";

  private static final String SMILEY = "[<>]?[:;=][\\-o*']?[()DPdpO\\\\{@|\\[\\]]";

  /** Words to which a full stop belongs. */
  private static final String TITLES =
      "adj|adm|adv|alex|assoc|asst|atty|attys|ave|brig|capt|cf|col|cie|cmdr|comdr|cpl|dept"
          + "|det|dr|drs|elec|ens|ft|gen|gov|govs|hon|insp|jos|lieut|lt|maj|messrs|mlle|mme|mr"
          + "|mrs|ms|msgr|mt|natl|pfc|ph|pres|prof|profs|pvt|rep|reps|rev|sen|sens|sfc|sgt|spc|st"
          + "|ste|supt|treas|vs|wm";

  /** Those after which a sentence may end: their full stop parts them from what follows. */
  private static final String ENDINGS =
      "(?:(?i:"
          + "al|ala|apr|ariz|assn|aug|bhd|bldg|blvd|bros|calif|colo|co|conn|corp|cos|ct|dak|dec"
          + "|esq|est|etc|ext|feb|fla|fri|ga|inc|ind|intl|jan|jr|jul|jun|kan|kans|ky|ltd|mar|md"
          + "|mich|minn|mo|mon|mont|neb|nev|nov|oct|okla|penn|plc|rd|rt|sep|sept|seq|sq|sr|tel"
          + "|tenn|thurs|thu|tue|tues|univ|va|vt|wed|wis|wisc|wyo|ph\\.d"
          + ")|Ark|Az|Del|Ill|La|Mass|Miss|Ore|Pa|Tex|Wash|[pP]t[ey]|ARK|AZ|DEL|ILL|LA|MASS|MISS"
          + "|ORE|PA|TEX|WASH)\\.";

  private static final String FILE_ENDS =
      "bat|bmp|c|class|cgi|cpp|dll|docx?|exe|gif|gz|h|html?|jar|java|jpe?g|mov|mp3|pdf|php|pl|png"
          + "|ppt|ps|py|sql|tar|txt|wav|x|xml|zip";

  /** Words that begin a sentence: a full stop before them belongs to no letter. */
  private static final String SENTENCE_STARTS =
      "Mr\\.|Ms\\.|A|About|According|Additionally|After|An|As|At|But|Earlier|He|Her|Here|However|If|In|It|Last"
          + "|Many|More|Now|Once|One|Other|Our|She|Since|So|Some|Such|That|The|Their|Then|There"
          + "|These|They|This|We|What|When|While|Yet|You";

  private static final String NAME = "[A-Za-z][A-Za-z0-9_:.\\-]*+";
  private static final String TAG =
      "<(?:[!?][A-Za-z\\-][^>\n]*|/"
          + NAME
          + "|"
          + NAME
          + "(?: +"
          + NAME
          + "(?:='[^'\n]*'|=\"[^\"\n]*\")?)*+ */?) *>";

  private static final ImmutableList<Pattern> RULES =
      Stream.of(
              "(?i:(can)not)",
              "(?i:(gon|wan)na)",
              "(?i:(got)ta)",
              "(?i:(lem|gim)me)",
              "(?i:('t)(?:is|was))",
              TAG,
              "&(?:amp|lt|gt|quot|apos|nbsp|MD|mdash|ndash|HT|TL|[UL]R|Q[CLR]|[oc]dq|#[0-9]+);",
              "(" + WORD + ")" + SHORT,
              "([A-Za-z\u00ad]*[A-MO-Za-mo-z]\u00ad*)" + NOT,
              WORD,
              "(?i:" + APOSTROPHE + "(?:n" + APOSTROPHE + "?|em|till?|cause))",
              APOSTROPHE + "[2-9]0[sS]",
              "(" + APOSTROPHE + "[0-9][0-9])[ \t\n\u00a0]",
              "[lLdDjJ]" + APOSTROPHE,
              "(?i:dunkin|somethin|ol)" + APOSTROPHE,
              "(?i:cap'n|c'est|c'mon|ev'ry|li'l|nat'l|nor'easter|s'mores|e'er|cont'd\\.)",
              "[A-HJ-XZn]" + ANY_APOSTROPHE + "\\p{L}{2,}",
              "\\p{L}+[aeiouyAEIOUY]" + ANY_APOSTROPHE + "[aeiouA-Z]\\p{L}*",
              "([yY]" + APOSTROPHE + ")\\p{L}",
              "(?i:https?)://[^ \t\n\"<>|(){}]+" + URL_END,
              "(?i:www)\\.(?:[^ \t\n\"<>|.!?(){},]+\\.){1,50}[a-zA-Z]{2,4}" + PATH,
              "(?:[^ \t\n\"`'|!(){}$,-_]+\\.){1,50}(?i:com|net|org|edu)" + PATH,
              "(?:<|&lt;)?[a-zA-Z0-9][^ \t\n\"<>|(){}\u00a0]*@[^ \t\n\"<>|(){}.\u00a0]+"
                  + "(?:\\.[^ \t\n\"<>|(){}.\u00a0]+)*+>?",
              "@[A-Za-z_][A-Za-z_0-9]*|#" + LETTER + "++",
              "(" + SHORT + ")[^A-Za-z]",
              "(" + NOT + ")[^A-Za-z]",
              "\\p{Nd}{1,2}[\\-/]\\p{Nd}{1,2}[\\-/]\\p{Nd}{2,4}",
              "[\\-+]?" + NUMBER,
              "[\u207a\u207b\u208a\u208b]?(?:[\u2070\u00b9\u00b2\u00b3\u2074-\u2079]+"
                  + "|[\u2080-\u2089]+)",
              "(?:\\p{Nd}{1,4}[- \u00a0])?\\p{Nd}{1,4}(?:\\\\?/|\u2044)\\p{Nd}{1,4}",
              "(?:anti|pro)-|S(?:&|&amp;)(?:P-500|Ls)|-(?i:[LR][RCS]B)-|C\\.D\\.s",
              SLASH_PART + "(?:\\\\?/" + SLASH_PART + "){1,2}",
              "[A-Z]*\\$",
              "(?i:" + TITLES + ")\\.|[mM][ft]g\\.",
              "(" + ENDINGS + ")[\\s\\S]{2}",
              ENDINGS,
              "((?i:art|ca|figs?|nos?|op|pp|prop)\\.)[ \n]?[0-9]",
              "[A-Za-z](?:\\.[A-Za-z])*\\.",
              "([A-Za-z])\\.[ \t\n\u00a0]+(?:"
                  + SENTENCE_STARTS
                  + "|"
                  + SENTENCE_STARTS.toUpperCase(Locale.ROOT)
                  + "|"
                  + TAG
                  + ")[ \t\n\u00a0]",
              "("
                  + MORE
                  + "++(?:\\."
                  + MORE
                  + "++){0,50}\\.(?i:"
                  + FILE_ENDS
                  + "))[ \t\n\u00a0.?!,]",
              "(" + WORD + "\\.)" + PAUSE,
              "(?:\\([0-9]{2,3}\\)[ \u00a0]?"
                  + "|(?:\\+\\+?)?(?:[0-9]{2,4}[- \u00a0])?[0-9]{2,4}[- \u00a0])"
                  + "[0-9]{3,4}[- \u00a0]?[0-9]{3,5}",
              "(?:(?:\\+\\+?)?[0-9]{2,4}\\.)?[0-9]{2,4}\\.[0-9]{3,4}\\.[0-9]{3,5}",
              "(" + SMILEY + ")[^A-Za-z0-9]",
              "[\\-^x=~<>']_[\\-^x=~<>']|\\([\\-^x=~<>'][-_.]?[\\-^x=~<>']\\)",
              "(" + HYPHENED + "\\.)" + PAUSE,
              "(" + COMPOUND + "\\.)" + PAUSE,
              COMPOUND,
              HYPHENED,
              "[A-Z]+(?:(?:[+&]|&amp;)[A-Z]+)++",
              "([A-Z]+(?:(?:[+&]|&amp;)[A-Z]+)++\\.)" + PAUSE,
              "[Cc]\\+\\+|[CcFf]#",
              "(')[A-Za-z][^ \t\n\u00a0]",
              SHORT,
              NOT,
              "\\.\\.\\.+|\\.[ \u00a0](?:\\.[ \u00a0])+\\.",
              "[?!]+",
              "-+|_+|@+|#+|\\*+|(?:\\\\\\*){1,3}",
              "[`" + QUOTES + "]{1,2}|<<|>>|''")
          .map(Pattern::compile)
          .collect(ImmutableList.toImmutableList());

  private final String text;
  private final Matcher[] matchers;
  private final Map<Character, Matcher[]> byFirst = new HashMap<>();

  /** The rules for a text. */
  PtbRules(String text) {
    this.text = text;
    matchers = RULES.stream().map(rule -> rule.matcher(text)).toArray(Matcher[]::new);
  }

  /** The end of the token that begins at {@code start}; one character if no rule fits. */
  int end(int start) {
    int reach = start;
    int end = start + 1;
    for (Matcher matcher : byFirst.computeIfAbsent(text.charAt(start), this::candidates)) {
      matcher.region(start, text.length());
      if (matcher.lookingAt() && matcher.end() > reach) {
        reach = matcher.end();
        end = matcher.groupCount() == 0 ? reach : matcher.end(1);
      }
    }
    return end;
  }

  /** The rules that can fit where a character is the first. */
  private Matcher[] candidates(char first) {
    return Arrays.stream(matchers)
        .filter(
            matcher -> {
              Matcher one = matcher.pattern().matcher(String.valueOf(first));
              return one.lookingAt() || one.hitEnd();
            })
        .toArray(Matcher[]::new);
  }
}
