package org.blip4j.savedmodel.huggingface;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.blip4j.data.text.Vocabulary;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HuggingFaceFilesTest {
  private static final String TOKENS = "'[PAD]':0,'[UNK]':1,'[CLS]':2,'[SEP]':3,'[MASK]':4,'dog':5";

  @TempDir private Path folder;

  private void write(String name, String json) throws IOException {
    Files.writeString(folder.resolve(name), json.replace('\'', '"'));
  }

  @Test
  void theVocabularyIsInOneOfTwoFiles() throws IOException {
    assertEquals(Optional.empty(), HuggingFaceFolder.VocabularyFiles.find(folder));
    write(
        "tokenizer.json",
        "{'model':{'type':'WordPiece','vocab':{%s}},'added_tokens':[{'id':6,'content':'cat'}]}"
            .formatted(TOKENS));
    Vocabulary found = HuggingFaceFolder.VocabularyFiles.find(folder).orElseThrow();
    assertEquals(6, found.id("cat"));
    assertEquals(7, found.decode());

    Files.writeString(folder.resolve("vocab.txt"), "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\n");
    assertEquals(5, HuggingFaceFolder.VocabularyFiles.find(folder).orElseThrow().decode());
  }

  @Test
  void aTokenizerThatCannotBeUsedIsRefused() throws IOException {
    write("tokenizer.json", "{'model':{'type':'BPE','vocab':{}}}");
    assertRefused("BPE");
    write("tokenizer.json", "{'model':{'vocab':{'[PAD]':0,'[UNK]':2}}}");
    assertRefused("no word piece has the id 1");
    write("tokenizer.json", "{'model':{'vocab':{'a':0,'b':0}}}");
    assertRefused("belongs to both");
    write("tokenizer.json", "{'model':");
    assertRefused("is not JSON");
  }

  private void assertRefused(String words) {
    String message =
        assertThrows(IOException.class, () -> HuggingFaceFolder.VocabularyFiles.find(folder))
            .getMessage();
    assertTrue(message.contains(words), message);
  }

  @Test
  void anotherPreparationOfImagesIsRefused() throws IOException {
    ImagePreparation.require(folder, 64);
    write("preprocessor_config.json", ImagePreparation.toJson(64).toString());
    ImagePreparation.require(folder, 64);
    assertEquals("size.height", refusedValue(96));
    write("preprocessor_config.json", "{'size':64,'image_mean':[0.5,0.5,0.5]}");
    assertEquals("image_mean[0]", refusedValue(64));
    write("preprocessor_config.json", "{'do_resize':false}");
    assertEquals("do_resize", refusedValue(64));
  }

  @Test
  void theNewerFileIsReadWhereTheOlderIsNot() throws IOException {
    String newer = "{'processor_class':'BlipProcessor','image_processor':%s}";
    write("processor_config.json", newer.formatted(ImagePreparation.toJson(64)));
    ImagePreparation.require(folder, 64);
    assertEquals("size.height", refusedValue(96));
    write("processor_config.json", newer.formatted("{'resample':2}"));
    assertEquals("resample", refusedValue(64));
    write("preprocessor_config.json", ImagePreparation.toJson(64).toString());
    ImagePreparation.require(folder, 64);
  }

  private String refusedValue(int imageSize) {
    String message =
        assertThrows(IOException.class, () -> ImagePreparation.require(folder, imageSize))
            .getMessage();
    return message.replaceFirst("(?s).*json: (\\S+) is .*", "$1");
  }
}
