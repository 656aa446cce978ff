// Captions pictures with an exported model through TensorFlow's C library alone, whose headers and
// libraries are in the Python package (tf.sysconfig.get_include() and get_lib() say where):
//
//   gcc caption.c -I INCLUDE -L LIB -Wl,-rpath,LIB -l:libtensorflow_cc.so.2
//       -l:libtensorflow_framework.so.2 -o caption
//   ./caption served/captioner/1 image_bytes:0 CAPTION LOG_PROB TOKEN_IDS STATUS photo.jpg other.jpg
//
// The names of the tensors are those that `saved_model_cli show --dir served/captioner/1 --all`
// prints for the signature. All files are one call. Prints a line for each: token ids, a tab, log
// probability, a tab, caption, a tab, status.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tensorflow/c/c_api.h"
#include "tensorflow/c/tf_tstring.h"

enum { CAPTION, LOG_PROB, TOKEN_IDS, STATUS, OUTPUTS };

static void require(const TF_Status* status, const char* what) {
  if (TF_GetCode(status) != TF_OK) {
    fprintf(stderr, "%s: %s\n", what, TF_Message(status));
    exit(1);
  }
}

static void read_file(const char* path, TF_TString* bytes) {
  FILE* file = fopen(path, "rb");
  if (file == NULL) {
    perror(path);
    exit(1);
  }
  TF_TString_Init(bytes);
  char part[4096];
  for (size_t n; (n = fread(part, 1, sizeof part, file)) > 0;) {
    TF_TString_AppendN(bytes, part, n);
  }
  fclose(file);
}

static TF_Output output(TF_Graph* graph, const char* name) {
  const char* colon = strrchr(name, ':');
  char node[256];
  snprintf(node, sizeof node, "%.*s", colon == NULL ? 0 : (int)(colon - name), name);
  TF_Operation* operation = TF_GraphOperationByName(graph, node);
  if (operation == NULL) {
    fprintf(stderr, "the model has no tensor %s; give NODE:NUMBER\n", name);
    exit(1);
  }
  return (TF_Output){operation, atoi(colon + 1)};
}

static void print_text(const TF_Tensor* tensor, int64_t row) {
  const TF_TString* texts = TF_TensorData(tensor);
  fwrite(TF_TString_GetDataPointer(texts + row), 1, TF_TString_GetSize(texts + row), stdout);
}

int main(int count, char** arguments) {
  enum { DIR = 1, INPUT, FIRST_OUTPUT, FIRST_FILE = FIRST_OUTPUT + OUTPUTS };
  if (count <= FIRST_FILE) {
    fprintf(stderr, "caption DIR IMAGE_BYTES CAPTION LOG_PROB TOKEN_IDS STATUS FILE...\n");
    return 2;
  }
  TF_Status* status = TF_NewStatus();
  TF_Graph* graph = TF_NewGraph();
  TF_SessionOptions* options = TF_NewSessionOptions();
  const char* tag = "serve";
  TF_Session* session = TF_LoadSessionFromSavedModel(
      options, NULL, arguments[DIR], &tag, 1, graph, NULL, status);
  require(status, arguments[DIR]);

  int64_t rows = count - FIRST_FILE;
  TF_Tensor* files = TF_AllocateTensor(TF_STRING, &rows, 1, (size_t)rows * sizeof(TF_TString));
  TF_TString* bytes = TF_TensorData(files);
  for (int64_t row = 0; row < rows; row++) {
    read_file(arguments[FIRST_FILE + row], bytes + row);
  }

  TF_Output input = output(graph, arguments[INPUT]);
  TF_Output outputs[OUTPUTS];
  for (int i = 0; i < OUTPUTS; i++) {
    outputs[i] = output(graph, arguments[FIRST_OUTPUT + i]);
  }
  TF_Tensor* values[OUTPUTS];
  TF_SessionRun(session, NULL, &input, &files, 1, outputs, values, OUTPUTS, NULL, 0, NULL, status);
  require(status, "run");

  const int64_t* ids = TF_TensorData(values[TOKEN_IDS]);
  const float* log_probs = TF_TensorData(values[LOG_PROB]);
  int64_t width = TF_Dim(values[TOKEN_IDS], 1);
  for (int64_t row = 0; row < rows; row++) {
    for (int64_t i = 0; i < width; i++) {
      printf("%s%lld", i == 0 ? "" : " ", (long long)ids[row * width + i]);
    }
    printf("\t%.9g\t", log_probs[row]);
    print_text(values[CAPTION], row);
    printf("\t");
    print_text(values[STATUS], row);
    printf("\n");
  }

  for (int i = 0; i < OUTPUTS; i++) {
    TF_DeleteTensor(values[i]);
  }
  for (int64_t row = 0; row < rows; row++) {
    TF_TString_Dealloc(bytes + row);
  }
  TF_DeleteTensor(files);
  TF_CloseSession(session, status);
  TF_DeleteSession(session, status);
  TF_DeleteSessionOptions(options);
  TF_DeleteGraph(graph);
  TF_DeleteStatus(status);
  return 0;
}
